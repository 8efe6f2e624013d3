-- The data types. In psql, before: \set condition true
-- `own` marks what hides the system's, `scalars` what hides arrays.
select n.nspname as "Schema"
, pg_catalog.format_type(t.oid, null) as "Name"
, t.typname as "Internal name" -- +
, case when t.typrelid <> 0 then 'tuple' when t.typlen < 0 then 'var' else t.typlen::pg_catalog.text end as "Size" -- +
, pg_catalog.array_to_string(array(select e.enumlabel from pg_catalog.pg_enum e where e.enumtypid = t.oid order by e.enumsortorder), E'\n') as "Elements" -- +
, pg_catalog.pg_get_userbyid(t.typowner) as "Owner" -- +
, pg_catalog.array_to_string(t.typacl, E'\n') as "Access privileges" -- +
, pg_catalog.obj_description(t.oid, 'pg_type') as "Description"
from pg_catalog.pg_type t
left join pg_catalog.pg_namespace n on n.oid = t.typnamespace
-- The row types of tables are none of interest.
where (t.typrelid = 0 or exists (select from pg_catalog.pg_class c where c.oid = t.typrelid and c.relkind = 'c'))
  and not exists (select from pg_catalog.pg_type e where e.oid = t.typelem and e.typarray = t.oid) -- scalars
  and n.nspname <> 'pg_catalog' -- own
  and n.nspname <> 'information_schema' -- own
  and :condition
order by 1, 2
