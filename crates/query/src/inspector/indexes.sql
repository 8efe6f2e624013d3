-- The indexes; columns by their numbers, 0 where an expression stands.
-- In psql, before: \set condition true
select i.indrelid
, i.indexrelid
, x.relname
, m.amname
, i.indisunique
, i.indisprimary
, i.indisvalid
, i.indnullsnotdistinct -- 15..
-- ..14: , false
, pg_catalog.array_to_string(i.indkey::pg_catalog.int2[], ' ')
, i.indnkeyatts -- 11..
-- ..10: , i.indnatts
, pg_catalog.array_to_string(i.indoption::pg_catalog.int2[], ' ')
, pg_catalog.array_to_string(i.indclass::pg_catalog.oid[], ' ')
, case when i.indexprs is not null then (
    select pg_catalog.json_agg(pg_catalog.pg_get_indexdef(i.indexrelid, number, true) order by number)
    from pg_catalog.generate_series(1, i.indnatts) number)
  end
, pg_catalog.pg_get_expr(i.indpred, i.indrelid)
, pg_catalog.array_to_json(x.reloptions)
, d.description
from pg_catalog.pg_index i
join pg_catalog.pg_class x on x.oid = i.indexrelid
join pg_catalog.pg_am m on m.oid = x.relam
join pg_catalog.pg_class c on c.oid = i.indrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_description d
  on d.objoid = x.oid and d.objsubid = 0 and d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
where c.relkind in ('r', 'p', 'm') and :condition
order by i.indrelid, x.relname
