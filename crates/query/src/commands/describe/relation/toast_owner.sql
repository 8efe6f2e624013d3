-- Whose a TOAST table is. In psql, before: select reltoastrelid as relation from pg_class … \gset
select null as heading
, 'Owning table: "' || n.nspname || '.' || c.relname || '"' as line
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.reltoastrelid = :'relation'
