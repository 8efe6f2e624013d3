-- A page of the functions one might call, by oid: not those that only operators, types and indexes
-- call.
-- In psql, before: \set after 0 \set upto 4294967295
select
  p.oid,
  n.nspname,
  p.proname,
  p.proretset,
  pg_catalog.pg_get_function_arguments(p.oid),
  pg_catalog.pg_get_function_result(p.oid),
  t.description
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
left join pg_catalog.pg_description t
  on t.objoid = p.oid and t.classoid = 'pg_catalog.pg_proc'::pg_catalog.regclass
where p.oid > :'after' and p.oid <= :'upto'
  and p.prorettype <> 'internal'::pg_catalog.regtype
  and 'internal'::pg_catalog.regtype <> all (p.proargtypes)
  and coalesce(t.description, '') !~ '^(implementation of|internal|I/O$)'
  and not pg_catalog.pg_is_other_temp_schema(n.oid)
order by p.oid
limit 500
