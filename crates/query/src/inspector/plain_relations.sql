-- The relations of a server whose catalog knows little more than names and kinds.
select n.nspname, c.relname, c.relkind
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f')
  and n.nspname <> 'pg_catalog'
  and n.nspname <> 'information_schema'
order by 1, 2
