-- The installed extensions. In psql, before: \set condition true
select e.extname as "Name"
, e.extversion as "Version"
, n.nspname as "Schema"
, d.description as "Description"
from pg_catalog.pg_extension e
left join pg_catalog.pg_namespace n on n.oid = e.extnamespace
left join pg_catalog.pg_description d on d.objoid = e.oid and d.classoid = 'pg_catalog.pg_extension'::pg_catalog.regclass
where :condition
order by 1
