-- The schemas. In psql, before: \set condition true
select n.nspname as "Name"
, pg_catalog.pg_get_userbyid(n.nspowner) as "Owner"
, pg_catalog.array_to_string(n.nspacl, E'\n') as "Access privileges" -- +
, pg_catalog.obj_description(n.oid, 'pg_namespace') as "Description" -- +
from pg_catalog.pg_namespace n
where :condition
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' -- own
order by 1
