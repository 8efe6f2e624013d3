-- The columns of other relations that foreign keys from and to some refer to.
-- In psql, before: \set oids 0
select a.attrelid
, case when n.oid = pg_catalog.pg_my_temp_schema() then 'pg_temp' else n.nspname end
, c.relname
, a.attnum
, a.attname
from (
  select conrelid as relation, pg_catalog.unnest(conkey) as number
  from pg_catalog.pg_constraint where contype = 'f' and confrelid in (:oids)
  union
  select confrelid, pg_catalog.unnest(confkey)
  from pg_catalog.pg_constraint where contype = 'f' and conrelid in (:oids)
) k
join pg_catalog.pg_attribute a on a.attrelid = k.relation and a.attnum = k.number
join pg_catalog.pg_class c on c.oid = k.relation
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
