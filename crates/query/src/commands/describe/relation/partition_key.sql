-- How a table is partitioned. In psql, before: select 'parts'::regclass::oid as relation \gset
select null as heading
, 'Partition key: ' || pg_catalog.pg_get_partkeydef(:'relation'::pg_catalog.oid) as line
