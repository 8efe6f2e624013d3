-- Whose a sequence is. In psql, before: select 'seq'::regclass::oid as relation \gset
select null as heading
, case d.deptype when 'a' then 'Owned by: ' else 'Sequence for identity column: ' end
  || pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)
  || '.' || pg_catalog.quote_ident(a.attname) as line
from pg_catalog.pg_depend d
join pg_catalog.pg_class c on c.oid = d.refobjid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid
where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
  and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
  and d.objid = :'relation'
  and d.deptype in ('a', 'i')
