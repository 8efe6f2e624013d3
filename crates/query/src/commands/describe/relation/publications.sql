-- The publications of a table. In psql, before: select 'people'::regclass::oid as relation \gset
select 'Publications:' as heading
, '    "' || pubname || '"' || columns || condition as line
from (
  select p.pubname -- 15..
  , '' as columns -- 15..
  , '' as condition -- 15..
  from pg_catalog.pg_publication p -- 15..
  join pg_catalog.pg_publication_namespace pn on pn.pnpubid = p.oid -- 15..
  join pg_catalog.pg_class c on c.relnamespace = pn.pnnspid -- 15..
  where c.oid = :'relation' and pg_catalog.pg_relation_is_publishable(c.oid) -- 15..
  union -- 15..
  select p.pubname
  , coalesce(' (' || (select pg_catalog.string_agg(a.attname, ', ') from pg_catalog.pg_attribute a where a.attrelid = pr.prrelid and a.attnum = any (pr.prattrs)) || ')', '') -- 15..
  , coalesce(' WHERE ' || pg_catalog.pg_get_expr(pr.prqual, pr.prrelid), '') -- 15..
  -- ..14: , '' as columns, '' as condition
  from pg_catalog.pg_publication p
  join pg_catalog.pg_publication_rel pr on pr.prpubid = p.oid
  where pr.prrelid = :'relation'
  union
  select p.pubname, '', ''
  from pg_catalog.pg_publication p
  where p.puballtables and pg_catalog.pg_relation_is_publishable(:'relation')
) of_all_kinds
order by pubname, condition, columns
