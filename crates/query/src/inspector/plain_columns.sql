-- The columns as a server knows them whose catalog knows little more. In psql, before:
-- \set condition true
select n.nspname, c.relname, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),
       case when a.attnotnull then 'NO' else 'YES' end
from pg_catalog.pg_attribute a
join pg_catalog.pg_class c on c.oid = a.attrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where a.attnum > 0 and c.relkind in ('r', 'p', 'v', 'm', 'f') and :condition
order by a.attrelid, a.attnum
