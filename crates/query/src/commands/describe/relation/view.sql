-- The definition of a view. In psql, before: select 'adults'::regclass::oid as relation \gset
select 'View definition:' as heading
, pg_catalog.pg_get_viewdef(:'relation'::pg_catalog.oid, true) as line
