-- The relations of a server that has the standard's views only, and whether each is found without
-- its schema.
select table_schema, table_name, table_type, table_schema = current_schema()
from information_schema.tables
where (table_catalog = current_database() or table_type = 'LOCAL TEMPORARY')
  and table_schema <> 'pg_catalog' and table_schema <> 'information_schema'
order by 1, 2
limit 5000
