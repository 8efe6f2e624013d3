-- Tables, views, indexes, sequences, … In psql, before: \set kinds '\'r\',\'v\'' \set condition true
-- `own` marks what hides the system's, `index` and `storage` what lists of them have.
select n.nspname as "Schema"
, c.relname as "Name"
, case c.relkind
    when 'r' then 'table'
    when 'v' then 'view'
    when 'm' then 'materialized view'
    when 'i' then 'index'
    when 'S' then 'sequence'
    when 't' then 'TOAST table'
    when 'f' then 'foreign table'
    when 'p' then 'partitioned table'
    when 'I' then 'partitioned index'
  end as "Type"
, pg_catalog.pg_get_userbyid(c.relowner) as "Owner"
, t.relname as "Table" -- index
, case c.relpersistence when 'p' then 'permanent' when 't' then 'temporary' when 'u' then 'unlogged' end as "Persistence" -- +
, am.amname as "Access method" -- +, storage, 12..
, pg_catalog.pg_size_pretty(pg_catalog.pg_table_size(c.oid)) as "Size" -- +
, pg_catalog.obj_description(c.oid, 'pg_class') as "Description" -- +
from pg_catalog.pg_class c
left join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_am am on am.oid = c.relam -- +, storage, 12..
left join pg_catalog.pg_index i on i.indexrelid = c.oid -- index
left join pg_catalog.pg_class t on t.oid = i.indrelid -- index
where c.relkind in (:kinds)
  and n.nspname <> 'pg_catalog' -- own
  and n.nspname !~ '^pg_toast' -- own
  and n.nspname <> 'information_schema' -- own
  and :condition
order by 1, 2
