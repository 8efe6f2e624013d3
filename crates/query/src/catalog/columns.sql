-- A page of the columns of relations, by relation and number.
-- In psql, before: \set after 0 \set number 0 \set upto 4294967295
select
  a.attrelid,
  a.attnum,
  a.attname,
  a.atttypid,
  pg_catalog.format_type(a.atttypid, a.atttypmod),
  a.attnotnull,
  pg_catalog.pg_get_expr(d.adbin, d.adrelid),
  pg_catalog.col_description(a.attrelid, a.attnum)
from pg_catalog.pg_attribute a
join pg_catalog.pg_class c on c.oid = a.attrelid
left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where (a.attrelid, a.attnum) > (:'after', :'number') and a.attrelid <= :'upto'
  and a.attnum > 0 and not a.attisdropped
  and c.relkind in ('r', 'p', 'v', 'm', 'f')
  and not pg_catalog.pg_is_other_temp_schema(c.relnamespace)
order by a.attrelid, a.attnum
limit 500
