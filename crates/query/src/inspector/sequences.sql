-- The sequences, and the columns that they belong to: `i` where it is an identity, `a` where the
-- sequence is merely dropped with it. In psql, before: \set condition true
select case when sn.oid = pg_catalog.pg_my_temp_schema() then 'pg_temp' else sn.nspname end
, s.relname
, pg_catalog.format_type(q.seqtypid, null)
, q.seqstart
, q.seqincrement
, q.seqmin
, q.seqmax
, q.seqcache
, q.seqcycle
, pg_catalog.obj_description(s.oid, 'pg_class')
, d.deptype
, d.refobjid
, d.refobjsubid
, a.attidentity = 'a'
, pg_catalog.pg_table_is_visible(s.oid)
, n.nspname
, case when d.refobjid is not null then c.relname end
, a.attname
from pg_catalog.pg_sequence q
join pg_catalog.pg_class s on s.oid = q.seqrelid
join pg_catalog.pg_namespace sn on sn.oid = s.relnamespace
left join pg_catalog.pg_depend d
  on d.objid = s.oid and d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objsubid = 0
  and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.deptype in ('a', 'i')
left join pg_catalog.pg_class c on c.oid = coalesce(d.refobjid, s.oid)
left join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
where :condition
order by 1, 2
