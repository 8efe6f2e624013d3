-- The rules of a view. In psql, before: select 'adults'::regclass::oid as relation \gset
select 'Rules:' as heading
, ' ' || pg_catalog.substr(trim(trailing ';' from pg_catalog.pg_get_ruledef(oid, true)), 13) as line
from pg_catalog.pg_rewrite
where ev_class = :'relation' and rulename <> '_RETURN'
order by rulename
