-- Where the rows of a foreign table are. In psql, before: select 'ext'::regclass::oid as relation \gset
select 'Server: ' || s.srvname as heading
, 'FDW options: (' || nullif(pg_catalog.array_to_string(array(
    select pg_catalog.quote_ident(option_name) || ' ' || pg_catalog.quote_literal(option_value)
    from pg_catalog.pg_options_to_table(f.ftoptions)), ', '), '') || ')' as line
from pg_catalog.pg_foreign_table f
join pg_catalog.pg_foreign_server s on s.oid = f.ftserver
where f.ftrelid = :'relation'
