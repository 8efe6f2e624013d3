-- The tables that inherit from a table, or its partitions.
-- In psql, before: select 'parts'::regclass::oid as relation \gset
select null as heading
, case
    when pg_catalog.row_number() over w > 1 then pg_catalog.repeat(' ', pg_catalog.length(title))
    else title
  end
  || ' ' || name || coalesce(' ' || bound, '')
  || case when relkind in ('p', 'I') then ', PARTITIONED' else '' end
  || case when detached then ' (DETACH PENDING)' else '' end
  || case when pg_catalog.lead(true) over w then ',' else '' end as line
from (
  select case when parent.relkind in ('p', 'I') then 'Partitions:' else 'Child tables:' end as title
  , c.oid::pg_catalog.regclass::pg_catalog.text as name
  , c.relkind
  , pg_catalog.pg_get_expr(c.relpartbound, c.oid) as bound
  , i.inhdetachpending as detached -- 14..
  -- ..13: , false as detached
  from pg_catalog.pg_inherits i
  join pg_catalog.pg_class c on c.oid = i.inhrelid
  join pg_catalog.pg_class parent on parent.oid = i.inhparent
  where i.inhparent = :'relation'
) child
window w as (order by bound = 'DEFAULT', name)
order by bound = 'DEFAULT', name
