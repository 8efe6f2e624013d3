-- The roles. In psql, before: \set condition true
select r.rolname as "Role name"
, pg_catalog.array_to_string(array[
    nullif(pg_catalog.concat_ws(', '
    , case when r.rolsuper then 'Superuser' end
    , case when not r.rolinherit then 'No inheritance' end
    , case when r.rolcreaterole then 'Create role' end
    , case when r.rolcreatedb then 'Create DB' end
    , case when not r.rolcanlogin then 'Cannot login' end
    , case when r.rolreplication then 'Replication' end
    , case when r.rolbypassrls then 'Bypass RLS' end), '')
  , case
      when r.rolconnlimit = 0 then 'No connections'
      when r.rolconnlimit = 1 then '1 connection'
      when r.rolconnlimit > 1 then r.rolconnlimit || ' connections'
    end
  , 'Password valid until ' || r.rolvaliduntil
  ], E'\n') as "Attributes"
, array(
    select b.rolname
    from pg_catalog.pg_auth_members m
    join pg_catalog.pg_roles b on b.oid = m.roleid
    where m.member = r.oid
  ) as "Member of"
, pg_catalog.shobj_description(r.oid, 'pg_authid') as "Description" -- +
from pg_catalog.pg_roles r
where :condition
  and r.rolname !~ '^pg_' -- own
order by 1
