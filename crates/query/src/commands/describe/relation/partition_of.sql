-- What a partition is a part of. In psql, before: select 'part'::regclass::oid as relation \gset
select 'Partition of: ' || i.inhparent::pg_catalog.regclass
  || ' ' || coalesce(pg_catalog.pg_get_expr(c.relpartbound, c.oid), '')
  || case when i.inhdetachpending then ' DETACH PENDING' else '' end -- 14..
  as heading
, null as line -- brief
, coalesce('Partition constraint: ' || nullif(pg_catalog.pg_get_partition_constraintdef(c.oid), ''), 'No partition constraint') as line -- +
from pg_catalog.pg_class c
join pg_catalog.pg_inherits i on i.inhrelid = c.oid
where c.oid = :'relation' and c.relispartition
