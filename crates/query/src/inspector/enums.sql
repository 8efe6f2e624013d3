-- The enums with their labels in order. In psql, before: \set condition true
select n.nspname
, t.typname
, pg_catalog.pg_type_is_visible(t.oid)
, (
  select pg_catalog.json_agg(e.enumlabel order by e.enumsortorder)
  from pg_catalog.pg_enum e
  where e.enumtypid = t.oid)
, pg_catalog.obj_description(t.oid, 'pg_type')
from pg_catalog.pg_type t
join pg_catalog.pg_namespace n on n.oid = t.typnamespace
where t.typtype = 'e' and :condition
order by 1, 2
