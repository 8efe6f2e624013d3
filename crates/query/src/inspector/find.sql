-- The relation of a name. In psql, before: \set condition 'c.relname = $$people$$'
select c.oid
, c.relkind
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where :condition
limit 1
