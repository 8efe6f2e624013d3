-- The columns, relation by relation. A domain's NOT NULL and default are those of its columns.
-- In psql, before: \set condition true
select c.oid
, a.attnum
, a.attname
, pg_catalog.format_type(a.atttypid, a.atttypmod)
, not (a.attnotnull or y.typtype = 'd' and y.typnotnull)
, a.attgenerated -- 12..
-- ..11: , ''
-- Without columns in it an expression is told much faster where it need not know the relation.
, pg_catalog.pg_get_expr(f.adbin, case a.attgenerated when '' then 0 else f.adrelid end) -- 12..
-- ..11: , pg_catalog.pg_get_expr(f.adbin, f.adrelid)
, case y.typtype when 'd' then y.typdefault end
, o.collname
, case when not pg_catalog.pg_collation_is_visible(o.oid) then o.collnamespace::pg_catalog.regnamespace end
, d.description
, a.attndims
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_catalog.pg_type y on y.oid = a.atttypid
left join pg_catalog.pg_attrdef f on f.adrelid = c.oid and f.adnum = a.attnum
left join pg_catalog.pg_collation o on o.oid = a.attcollation and o.oid <> y.typcollation
left join pg_catalog.pg_description d
  on d.objoid = c.oid and d.objsubid = a.attnum and d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
where c.relkind in ('r', 'p', 'v', 'm', 'f') and :condition
order by c.oid, a.attnum
