-- The schemas, those of the search path first and in its order.
select
  n.nspname,
  pg_catalog.array_position(pg_catalog.current_schemas(true), n.nspname),
  pg_catalog.obj_description(n.oid, 'pg_namespace')
from pg_catalog.pg_namespace n
where n.nspname <> 'pg_toast' and n.nspname !~ '^pg_toast_temp_'
  and not pg_catalog.pg_is_other_temp_schema(n.oid)
order by 2, 1
limit 2000
