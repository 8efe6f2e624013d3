-- A page of the types, by oid, with the labels of enums: not arrays, nor the rows of tables.
-- In psql, before: \set after 0 \set upto 4294967295
select
  t.oid,
  n.nspname,
  t.typname,
  case t.typtype
    when 'b' then 'base type' when 'c' then 'composite type' when 'd' then 'domain'
    when 'e' then 'enum' when 'm' then 'multirange type' when 'r' then 'range type'
    else 'type'
  end,
  case t.typtype when 'd' then pg_catalog.format_type(t.typbasetype, t.typtypmod) end,
  (
    select pg_catalog.json_agg(e.enumlabel order by e.enumsortorder)
    from pg_catalog.pg_enum e
    where e.enumtypid = t.oid
  ),
  pg_catalog.obj_description(t.oid, 'pg_type')
from pg_catalog.pg_type t
join pg_catalog.pg_namespace n on n.oid = t.typnamespace
left join pg_catalog.pg_class c on c.oid = t.typrelid
where t.oid > :'after' and t.oid <= :'upto'
  and coalesce(c.relkind, 'c') = 'c'
  and not (t.typelem <> 0 and t.typlen = -1)
  and not pg_catalog.pg_is_other_temp_schema(n.oid)
order by t.oid
limit 2000
