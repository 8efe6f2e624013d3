-- The relations of a database with what PostgreSQL knows of each: kind (as relkind), comment,
-- estimated rows (-1 where never counted) and bytes on the disk with indexes.
select n.nspname, c.relname, c.relkind,
       pg_catalog.obj_description(c.oid, 'pg_class'),
       c.reltuples::bigint,
       case when c.relkind in ('r', 'm', 'p') then pg_catalog.pg_total_relation_size(c.oid) end
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f')
  and n.nspname not in ('pg_catalog', 'information_schema')
  and n.nspname not like 'pg\_toast%'
  and n.nspname not like 'pg\_temp\_%'
union all
select 'pg_temp', c.relname, c.relkind, null, c.reltuples::bigint, pg_catalog.pg_total_relation_size(c.oid)
from pg_catalog.pg_class c
where c.relkind in ('r', 'p') and c.relnamespace = pg_catalog.pg_my_temp_schema()
order by 1, 2
