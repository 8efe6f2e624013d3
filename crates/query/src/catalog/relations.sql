-- A page of the tables, views, sequences and the like, by oid.
-- In psql, before: \set after 0 \set upto 4294967295
select
  c.oid,
  n.nspname,
  c.relname,
  c.relkind,
  c.reltuples::bigint,
  c.relpages,
  pg_catalog.obj_description(c.oid, 'pg_class')
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.oid > :'after' and c.oid <= :'upto'
  and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
  and n.nspname <> 'pg_toast' and not pg_catalog.pg_is_other_temp_schema(n.oid)
order by c.oid
limit 1000
