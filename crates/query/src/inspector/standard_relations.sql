-- The relations of a server that has the standard's views only.
select table_schema, table_name, table_type
from information_schema.tables
where table_schema <> 'pg_catalog' and table_schema <> 'information_schema'
order by 1, 2
