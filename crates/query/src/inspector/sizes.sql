-- The bytes that tables take with their indexes and large values, a partitioned one with its
-- partitions. In psql, before: \set condition true
select c.oid
, case c.relkind
    when 'p' then ( -- 12..
      select sum(pg_catalog.pg_total_relation_size(t.relid)) -- 12..
      from pg_catalog.pg_partition_tree(c.oid) t) -- 12..
    else pg_catalog.pg_total_relation_size(c.oid)
  end
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'm') and :condition
