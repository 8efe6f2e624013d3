-- The bytes that tables took with their indexes and large values at the last VACUUM or ANALYZE.
-- In psql, before: \set condition true
with indexes as (
  select i.indrelid, sum(x.relpages) as pages
  from pg_catalog.pg_index i
  join pg_catalog.pg_class x on x.oid = i.indexrelid
  group by i.indrelid
)
select c.oid
, (c.relpages + coalesce(i.pages, 0) + coalesce(t.relpages, 0) + coalesce(ti.pages, 0))
    * pg_catalog.current_setting('block_size')::pg_catalog.int8
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join indexes i on i.indrelid = c.oid
left join pg_catalog.pg_class t on t.oid = c.reltoastrelid
left join indexes ti on ti.indrelid = t.oid
where c.relkind in ('r', 'm') and c.relpages > 0 and :condition
