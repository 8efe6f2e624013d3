-- The statement that makes a view. In psql, before: \set view adults
select n.nspname || '.' || c.relname as name
, c.relkind
, 'CREATE OR REPLACE VIEW ' || pg_catalog.format('%I.%I', n.nspname, c.relname)
  || coalesce(E'\n WITH (' || nullif(pg_catalog.array_to_string(array(
       select option_name || '=' || case when option_value = pg_catalog.quote_ident(option_value) then option_value else pg_catalog.quote_literal(option_value) end
       from pg_catalog.pg_options_to_table(c.reloptions)
       where option_name <> 'check_option'), ', '), '') || ')', '')
  || E' AS\n' || pg_catalog.rtrim(pg_catalog.pg_get_viewdef(c.oid, true), ';')
  || coalesce(E'\n WITH ' || (
       select pg_catalog.upper(option_value)
       from pg_catalog.pg_options_to_table(c.reloptions)
       where option_name = 'check_option') || ' CHECK OPTION', '') as source
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.oid = :'view'::pg_catalog.regclass
