-- The relation that an index is of. In psql, before: \set condition 'c.relname = $$people_pkey$$'
select x.indrelid
from pg_catalog.pg_index x
join pg_catalog.pg_class c on c.oid = x.indexrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where :condition
limit 1
