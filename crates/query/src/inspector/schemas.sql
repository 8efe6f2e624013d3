-- The schemas, with their owners. In psql, before: \set condition true
select n.nspname
, pg_catalog.pg_get_userbyid(n.nspowner)
, pg_catalog.obj_description(n.oid, 'pg_namespace')
from pg_catalog.pg_namespace n
where :condition
order by n.nspname
