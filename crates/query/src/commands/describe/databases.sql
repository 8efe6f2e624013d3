-- The databases. In psql, before: \set condition true
select d.datname as "Name"
, pg_catalog.pg_get_userbyid(d.datdba) as "Owner"
, pg_catalog.pg_encoding_to_char(d.encoding) as "Encoding"
, d.datcollate as "Collate"
, d.datctype as "Ctype"
, d.daticulocale as "ICU Locale" -- 15..16
, d.datlocale as "Locale" -- 17..
-- ..14: , null as "ICU Locale"
, case d.datlocprovider when 'b' then 'builtin' when 'c' then 'libc' when 'i' then 'icu' end as "Locale Provider" -- 15..
-- ..14: , 'libc' as "Locale Provider"
, pg_catalog.array_to_string(d.datacl, E'\n') as "Access privileges"
, case when pg_catalog.has_database_privilege(d.datname, 'CONNECT') then pg_catalog.pg_size_pretty(pg_catalog.pg_database_size(d.datname)) else 'No Access' end as "Size" -- +
, t.spcname as "Tablespace" -- +
, pg_catalog.shobj_description(d.oid, 'pg_database') as "Description" -- +
from pg_catalog.pg_database d
join pg_catalog.pg_tablespace t on t.oid = d.dattablespace
where :condition
order by 1
