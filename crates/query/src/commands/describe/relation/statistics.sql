-- The extended statistics on a table. In psql, before: select 'people'::regclass::oid as relation \gset
select 'Statistics objects:' as heading
, '    "' || s.stxnamespace::pg_catalog.regnamespace || '.' || s.stxname || '"'
  || coalesce(' (' || nullif(nullif(pg_catalog.concat_ws(', '
       , case when 'd' = any (s.stxkind) then 'ndistinct' end
       , case when 'f' = any (s.stxkind) then 'dependencies' end
       , case when 'm' = any (s.stxkind) then 'mcv' end), '')
       -- All are what CREATE STATISTICS makes where it names none.
       , 'ndistinct, dependencies, mcv' -- 14..
       -- ..13: , ''
     ) || ')', '')
  || ' ON '
  || pg_catalog.pg_get_statisticsobjdef_columns(s.oid) -- 14..
  -- ..13: || (select pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ') from pg_catalog.unnest(s.stxkeys) k(attnum)
  -- ..13:     join pg_catalog.pg_attribute a on a.attrelid = s.stxrelid and a.attnum = k.attnum and not a.attisdropped)
  || ' FROM ' || s.stxrelid::pg_catalog.regclass
  || coalesce('; STATISTICS ' || nullif(s.stxstattarget, -1), '') -- 13..
  as line
from pg_catalog.pg_statistic_ext s
where s.stxrelid = :'relation'
order by s.stxnamespace::pg_catalog.regnamespace::pg_catalog.text, s.stxname
