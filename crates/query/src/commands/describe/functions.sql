-- Functions, aggregates, procedures, … In psql, before: \set kinds anptw \set condition true
-- `own` marks what hides the system's.
select n.nspname as "Schema"
, p.proname as "Name"
, pg_catalog.pg_get_function_result(p.oid) as "Result data type"
, pg_catalog.pg_get_function_arguments(p.oid) as "Argument data types"
, case p.prokind when 'a' then 'agg' when 'w' then 'window' when 'p' then 'proc' else 'func' end as "Type" -- 11..
-- ..10: , case when p.proisagg then 'agg' when p.proiswindow then 'window' when p.prorettype = 'pg_catalog.trigger'::pg_catalog.regtype then 'trigger' else 'func' end as "Type"
, case p.provolatile when 'i' then 'immutable' when 's' then 'stable' when 'v' then 'volatile' end as "Volatility" -- +
, case p.proparallel when 'r' then 'restricted' when 's' then 'safe' when 'u' then 'unsafe' end as "Parallel" -- +
, pg_catalog.pg_get_userbyid(p.proowner) as "Owner" -- +
, case when p.prosecdef then 'definer' else 'invoker' end as "Security" -- +
, pg_catalog.array_to_string(p.proacl, E'\n') as "Access privileges" -- +
, l.lanname as "Language" -- +
, coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), p.prosrc) as "Source code" -- +, 14..
-- ..13: , p.prosrc as "Source code" -- +
, pg_catalog.obj_description(p.oid, 'pg_proc') as "Description" -- +
from pg_catalog.pg_proc p
left join pg_catalog.pg_namespace n on n.oid = p.pronamespace
left join pg_catalog.pg_language l on l.oid = p.prolang
where pg_catalog.strpos(:'kinds', case
    when p.prokind in ('a', 'p', 'w') then p.prokind::pg_catalog.text -- 11..
    -- ..10: when p.proisagg then 'a' when p.proiswindow then 'w'
    when p.prorettype = 'pg_catalog.trigger'::pg_catalog.regtype then 't'
    else 'n'
  end) > 0
  and n.nspname <> 'pg_catalog' -- own
  and n.nspname <> 'information_schema' -- own
  and :condition
order by 1, 2, 4
