-- How many tables inherit from a table, or how many partitions it has; `brief` marks what is left
-- out where they are listed. In psql, before: select 'parts'::regclass::oid as relation \gset
select null as heading
, case when c.relkind in ('p', 'I') then 'Number of partitions: ' else 'Number of child tables: ' end
  || pg_catalog.count(i.inhrelid)
  || case when pg_catalog.count(i.inhrelid) > 0 then ' (Use \d+ to list them.)' else '' end as line
from pg_catalog.pg_class c
left join pg_catalog.pg_inherits i on i.inhparent = c.oid
where c.oid = :'relation'
group by c.relkind
having (c.relkind in ('p', 'I') and pg_catalog.count(i.inhrelid) = 0)
  or pg_catalog.count(i.inhrelid) > 0 -- brief
