-- The columns of a server that has the standard's views only. In psql, before: \set condition true
select n.table_schema, n.table_name, n.column_name, n.data_type, n.is_nullable, n.column_default
from information_schema.columns n
where n.table_schema <> 'pg_catalog' and n.table_schema <> 'information_schema' and :condition
order by n.table_schema, n.table_name, n.ordinal_position
