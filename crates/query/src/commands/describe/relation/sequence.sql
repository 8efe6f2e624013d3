-- A sequence. In psql, before: select 'seq'::regclass::oid as relation \gset
select pg_catalog.format_type(seqtypid, null) as "Type"
, seqstart as "Start"
, seqmin as "Minimum"
, seqmax as "Maximum"
, seqincrement as "Increment"
, case when seqcycle then 'yes' else 'no' end as "Cycles?"
, seqcache as "Cache"
from pg_catalog.pg_sequence
where seqrelid = :'relation'
