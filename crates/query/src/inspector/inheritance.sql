-- Which relation is a partition or a child of which, parents in their order.
-- In psql, before: \set condition true \set oids 0
select h.inhrelid
, case when n.oid = pg_catalog.pg_my_temp_schema() then 'pg_temp' else n.nspname end
, c.relname
, h.inhparent
, case when pn.oid = pg_catalog.pg_my_temp_schema() then 'pg_temp' else pn.nspname end
, p.relname
from pg_catalog.pg_inherits h
join pg_catalog.pg_class c on c.oid = h.inhrelid and c.relkind in ('r', 'p', 'f')
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_class p on p.oid = h.inhparent
join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
where :condition or h.inhparent in (:oids)
order by h.inhrelid, h.inhseqno
