-- The foreign keys that point to a table. In psql, before: select 'people'::regclass::oid as relation \gset
select 'Referenced by:' as heading
, '    TABLE "' || conrelid::pg_catalog.regclass || '" CONSTRAINT "' || conname || '" '
  || pg_catalog.pg_get_constraintdef(oid, true) as line
from pg_catalog.pg_constraint
where contype = 'f'
  and conparentid = 0 -- 12..
  and (confrelid = :'relation'
    or confrelid in (select relid from pg_catalog.pg_partition_ancestors(:'relation') as a(relid)) -- 12..
  )
order by conname
