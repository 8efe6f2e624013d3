-- The keys of a server that has the standard's views only: a row for each column of each.
select t.constraint_type, t.constraint_name, t.table_schema, t.table_name, u.column_name,
       f.table_schema, f.table_name, f.column_name
from information_schema.table_constraints t
join information_schema.key_column_usage u
  on u.constraint_catalog = t.constraint_catalog and u.constraint_schema = t.constraint_schema
  and u.constraint_name = t.constraint_name and u.table_name = t.table_name
left join information_schema.referential_constraints r
  on r.constraint_catalog = t.constraint_catalog and r.constraint_schema = t.constraint_schema
  and r.constraint_name = t.constraint_name
left join information_schema.key_column_usage f
  on f.constraint_catalog = r.unique_constraint_catalog
  and f.constraint_schema = r.unique_constraint_schema
  and f.constraint_name = r.unique_constraint_name
  and f.ordinal_position = u.position_in_unique_constraint
where t.constraint_type in ('PRIMARY KEY', 'UNIQUE', 'FOREIGN KEY')
  and t.table_catalog = current_database()
order by t.table_schema, t.table_name, t.constraint_name, u.ordinal_position
