-- The policies of row security. In psql, before: \set condition true
select p.polrelid
, p.polname
, p.polpermissive
, case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end
, pg_catalog.array_to_json(array(
    select case r when 0 then 'public' else pg_catalog.pg_get_userbyid(r) end
    from pg_catalog.unnest(p.polroles) r order by 1))
, pg_catalog.pg_get_expr(p.polqual, p.polrelid)
, pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)
from pg_catalog.pg_policy p
join pg_catalog.pg_class c on c.oid = p.polrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where :condition
order by p.polrelid, p.polname
