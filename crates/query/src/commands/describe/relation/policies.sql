-- The row security of a table. In psql, before: select 'people'::regclass::oid as relation \gset
select case
    when not c.relrowsecurity then 'Policies (row security disabled):'
    when pol.oid is null and c.relforcerowsecurity then 'Policies (forced row security enabled): (none)'
    when pol.oid is null then 'Policies (row security enabled): (none)'
    when c.relforcerowsecurity then 'Policies (forced row security enabled):'
    else 'Policies:'
  end as heading
, '    POLICY "' || pol.polname || '"'
  || case when pol.polpermissive then '' else ' AS RESTRICTIVE' end
  || case pol.polcmd when 'r' then ' FOR SELECT' when 'a' then ' FOR INSERT' when 'w' then ' FOR UPDATE' when 'd' then ' FOR DELETE' else '' end
  || case when pol.polroles = '{0}' then '' else E'\n      TO ' || pg_catalog.array_to_string(array(
       select rolname from pg_catalog.pg_roles where oid = any (pol.polroles) order by 1), ',') end
  || coalesce(E'\n      USING (' || pg_catalog.pg_get_expr(pol.polqual, pol.polrelid) || ')', '')
  || coalesce(E'\n      WITH CHECK (' || pg_catalog.pg_get_expr(pol.polwithcheck, pol.polrelid) || ')', '') as line
from pg_catalog.pg_class c
left join pg_catalog.pg_policy pol on pol.polrelid = c.oid
where c.oid = :'relation' and (c.relrowsecurity or pol.oid is not null)
order by pol.polname
