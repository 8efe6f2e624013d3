-- The domains with their checks. In psql, before: \set condition true
select n.nspname
, t.typname
, pg_catalog.pg_type_is_visible(t.oid)
, pg_catalog.format_type(t.typbasetype, t.typtypmod)
, not t.typnotnull
, t.typdefault
, o.collname
, (
  select pg_catalog.json_agg(pg_catalog.json_build_array(k.conname, pg_catalog.pg_get_expr(k.conbin, 0, true)) order by k.conname)
  from pg_catalog.pg_constraint k
  where k.contypid = t.oid and k.contype = 'c')
, pg_catalog.obj_description(t.oid, 'pg_type')
from pg_catalog.pg_type t
join pg_catalog.pg_namespace n on n.oid = t.typnamespace
left join pg_catalog.pg_collation o on o.oid = t.typcollation
where t.typtype = 'd' and :condition
order by 1, 2
