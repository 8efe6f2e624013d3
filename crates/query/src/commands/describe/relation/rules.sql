-- The rules of a table. In psql, before: select 'people'::regclass::oid as relation \gset
select case ev_enabled
    when 'D' then 'Disabled rules:'
    when 'A' then 'Rules firing always:'
    when 'R' then 'Rules firing on replica only:'
    else 'Rules:'
  end as heading
, '    ' || pg_catalog.substr(trim(trailing ';' from pg_catalog.pg_get_ruledef(oid, true)), 13) as line
from pg_catalog.pg_rewrite
where ev_class = :'relation'
order by pg_catalog.strpos('ODAR', ev_enabled::pg_catalog.text), rulename
