-- The relations a pattern means. In psql, before: \set condition true
select c.oid
, n.nspname
, c.relname
, c.relkind
, c.relpersistence
from pg_catalog.pg_class c
left join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where :condition
order by 2, 3
