-- The queries of views and materialized views. In psql, before: \set condition true
select c.oid
, pg_catalog.pg_get_viewdef(c.oid)
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('v', 'm') and :condition
