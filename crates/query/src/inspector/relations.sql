-- The relations, by schema and name. In psql, before: \set condition true
select c.oid
, case when n.oid = pg_catalog.pg_my_temp_schema() then 'pg_temp' else n.nspname end
, c.relname
, c.relkind
, c.relpersistence
, pg_catalog.pg_table_is_visible(c.oid)
, pg_catalog.pg_get_userbyid(c.relowner)
, d.description
, c.reltuples::pg_catalog.int8
, c.relpages
, pg_catalog.pg_get_expr(c.relpartbound, c.oid)
, case when c.relkind = 'p' then pg_catalog.pg_get_partkeydef(c.oid) end
, c.relrowsecurity
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_description d
  on d.objoid = c.oid and d.objsubid = 0 and d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
where c.relkind in ('r', 'p', 'v', 'm', 'f') and :condition
order by 2, c.relname
