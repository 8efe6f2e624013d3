-- A page of the primary, unique and foreign keys, by oid; columns by their numbers.
-- In psql, before: \set after 0 \set upto 4294967295
select
  k.oid,
  k.conrelid,
  k.contype,
  k.conname,
  pg_catalog.array_to_string(k.conkey, ' '),
  k.confrelid,
  pg_catalog.array_to_string(k.confkey, ' ')
from pg_catalog.pg_constraint k
where k.oid > :'after' and k.oid <= :'upto'
  and k.contype in ('p', 'u', 'f')
order by k.oid
limit 2000
