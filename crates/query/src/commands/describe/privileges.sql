-- Who may do what with relations. In psql, before: \set condition true
select n.nspname as "Schema"
, c.relname as "Name"
, case c.relkind
    when 'r' then 'table'
    when 'v' then 'view'
    when 'm' then 'materialized view'
    when 'S' then 'sequence'
    when 'f' then 'foreign table'
    when 'p' then 'partitioned table'
  end as "Type"
, pg_catalog.array_to_string(c.relacl, E'\n') as "Access privileges"
, pg_catalog.array_to_string(array(
    select a.attname || E':\n  ' || pg_catalog.array_to_string(a.attacl, E'\n  ')
    from pg_catalog.pg_attribute a
    where a.attrelid = c.oid and not a.attisdropped and a.attacl is not null
  ), E'\n') as "Column privileges"
, pg_catalog.array_to_string(array(
    select pol.polname
    || case when pol.polpermissive then '' else ' (RESTRICTIVE)' end
    || case when pol.polcmd = '*' then ':' else ' (' || pol.polcmd::pg_catalog.text || '):' end
    || coalesce(E'\n  (u): ' || pg_catalog.pg_get_expr(pol.polqual, pol.polrelid), '')
    || coalesce(E'\n  (c): ' || pg_catalog.pg_get_expr(pol.polwithcheck, pol.polrelid), '')
    || case when pol.polroles = '{0}' then '' else E'\n  to: ' || pg_catalog.array_to_string(array(
         select rolname from pg_catalog.pg_roles where oid = any (pol.polroles) order by 1), ', ') end
    from pg_catalog.pg_policy pol
    where pol.polrelid = c.oid
  ), E'\n') as "Policies"
from pg_catalog.pg_class c
left join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'v', 'm', 'S', 'f', 'p')
  and :condition
order by 1, 2
