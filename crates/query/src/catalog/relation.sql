-- What inspection says of one relation beyond its columns: its size in bytes, and its indexes.
-- In psql, before: select 'people'::regclass::oid as oid \gset
select
  pg_catalog.pg_total_relation_size(c.oid),
  i.relname,
  pg_catalog.pg_get_indexdef(i.oid)
from pg_catalog.pg_class c
left join pg_catalog.pg_index x on x.indrelid = c.oid
left join pg_catalog.pg_class i on i.oid = x.indexrelid
where c.oid = :'oid'
order by i.relname
limit 100
