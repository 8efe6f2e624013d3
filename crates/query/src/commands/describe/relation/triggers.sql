-- The triggers of a relation. In psql, before: select 'people'::regclass::oid as relation \gset
select case t.tgenabled
    when 'D' then case when t.tgisinternal then 'Disabled internal triggers:' else 'Disabled user triggers:' end
    when 'A' then 'Triggers firing always:'
    when 'R' then 'Triggers firing on replica only:'
    else 'Triggers:'
  end as heading
, '    ' || pg_catalog.regexp_replace(pg_catalog.pg_get_triggerdef(t.oid, true), '^.*? TRIGGER ', '')
  -- Where it comes from: the topmost table that has it.
  || coalesce(', ON TABLE ' || case when t.tgparentid <> 0 then ( -- 13..
       select u.tgrelid::pg_catalog.regclass::pg_catalog.text -- 13..
       from pg_catalog.pg_partition_ancestors(t.tgrelid) with ordinality as a(relid, depth) -- 13..
       join pg_catalog.pg_trigger u on u.tgrelid = a.relid and u.tgname = t.tgname and u.tgparentid = 0 -- 13..
       order by a.depth limit 1) end, '') -- 13..
  as line
from pg_catalog.pg_trigger t
where t.tgrelid = :'relation'
  and (not t.tgisinternal or t.tgenabled = 'D'
  -- ..12: or exists (select from pg_catalog.pg_depend where objid = t.oid and refclassid = 'pg_catalog.pg_trigger'::pg_catalog.regclass)
  )
order by pg_catalog.strpos('ODAR', t.tgenabled::pg_catalog.text), t.tgenabled = 'D' and t.tgisinternal, t.tgname
