-- The triggers that users made. In psql, before: \set condition true
select t.tgrelid
, t.tgname
, pg_catalog.pg_get_triggerdef(t.oid, true)
, t.tgenabled <> 'D'
, d.description
from pg_catalog.pg_trigger t
join pg_catalog.pg_class c on c.oid = t.tgrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_description d
  on d.objoid = t.oid and d.classoid = 'pg_catalog.pg_trigger'::pg_catalog.regclass
where not t.tgisinternal and :condition
order by t.tgrelid, t.tgname
