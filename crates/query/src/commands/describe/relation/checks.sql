-- The check constraints of a table. In psql, before: select 'people'::regclass::oid as relation \gset
select 'Check constraints:' as heading
, '    "' || conname || '" ' || pg_catalog.pg_get_constraintdef(oid, true) as line
from pg_catalog.pg_constraint
where conrelid = :'relation' and contype = 'c'
order by conname
