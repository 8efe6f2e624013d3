-- What belongs to an extension. In psql, before: select oid as extension from pg_extension limit 1 \gset
select pg_catalog.pg_describe_object(classid, objid, 0) as "Object description"
from pg_catalog.pg_depend
where refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
  and refobjid = :'extension'
  and deptype = 'e'
order by 1
