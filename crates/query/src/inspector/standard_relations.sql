-- The relations of a server that has the standard's views: of the database that one is connected
-- to, for some servers tell of all that are there.
select table_schema, table_name, table_type
from information_schema.tables
where (table_catalog = current_database() or table_type = 'LOCAL TEMPORARY')
  and table_schema <> 'pg_catalog' and table_schema <> 'information_schema'
order by 1, 2
