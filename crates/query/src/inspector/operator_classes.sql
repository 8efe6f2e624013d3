-- The operator classes that an index has only where it says so.
select o.oid, o.opcname
from pg_catalog.pg_opclass o
where not o.opcdefault
