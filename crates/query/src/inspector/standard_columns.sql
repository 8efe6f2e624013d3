-- The columns of a server that has the standard's views. In psql, before: \set condition true
select n.table_schema, n.table_name, n.column_name, n.data_type, n.is_nullable, n.column_default
from information_schema.columns n
join information_schema.tables t
  on t.table_catalog = n.table_catalog and t.table_schema = n.table_schema
  and t.table_name = n.table_name
where (n.table_catalog = current_database() or t.table_type = 'LOCAL TEMPORARY')
  and n.table_schema <> 'pg_catalog' and n.table_schema <> 'information_schema' and :condition
order by n.table_schema, n.table_name, n.ordinal_position
