-- The installed extensions' names alone. In psql, before: \set condition true
select e.extname
, e.oid
from pg_catalog.pg_extension e
where :condition
order by 1
