-- The foreign keys of a table, its own before those of the tables it is a partition of.
-- In psql, before: select 'people'::regclass::oid as relation \gset
select 'Foreign-key constraints:' as heading
, case when conrelid = :'relation' then '    ' else '    TABLE "' || conrelid::pg_catalog.regclass || '" CONSTRAINT ' end
  || '"' || conname || '" ' || pg_catalog.pg_get_constraintdef(oid, true) as line
from pg_catalog.pg_constraint
where contype = 'f'
  and conparentid = 0 -- 11..
  and (conrelid = :'relation'
    or conrelid in (select relid from pg_catalog.pg_partition_ancestors(:'relation') as a(relid)) -- 12..
  )
order by conrelid = :'relation' desc, conname
