-- The functions and procedures. In psql, before: \set condition true
select n.nspname
, p.proname
, case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' when 'w' then 'window function' else 'function' end -- 11..
-- ..10: , case when p.proisagg then 'aggregate' when p.proiswindow then 'window function' else 'function' end
, pg_catalog.pg_get_function_arguments(p.oid)
, pg_catalog.pg_get_function_result(p.oid)
, l.lanname
, case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end
, d.description
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
join pg_catalog.pg_language l on l.oid = p.prolang
left join pg_catalog.pg_description d
  on d.objoid = p.oid and d.classoid = 'pg_catalog.pg_proc'::pg_catalog.regclass
where :condition
order by 1, 2, 4
