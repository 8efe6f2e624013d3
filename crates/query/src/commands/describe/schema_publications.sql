-- The publications of a schema. In psql, before: \set schema public
select '    "' || p.pubname || '"' as line
from pg_catalog.pg_publication p
join pg_catalog.pg_publication_namespace pn on pn.pnpubid = p.oid
join pg_catalog.pg_namespace n on n.oid = pn.pnnspid
where n.nspname = :'schema'
order by p.pubname
