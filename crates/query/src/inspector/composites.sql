-- The composite types with their fields. In psql, before: \set condition true
select n.nspname
, c.relname
, pg_catalog.pg_type_is_visible(c.reltype)
, (
  select pg_catalog.json_agg(pg_catalog.json_build_array(a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)) order by a.attnum)
  from pg_catalog.pg_attribute a
  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)
, pg_catalog.obj_description(c.reltype, 'pg_type')
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'c' and :condition
order by 1, 2
