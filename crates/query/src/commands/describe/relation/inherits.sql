-- The tables that a table inherits from. In psql, before: select 'child'::regclass::oid as relation \gset
select null as heading
, case pg_catalog.row_number() over w when 1 then 'Inherits: ' else '          ' end
  || c.oid::pg_catalog.regclass
  || case when pg_catalog.lead(true) over w then ',' else '' end as line
from pg_catalog.pg_inherits i
join pg_catalog.pg_class c on c.oid = i.inhparent
where i.inhrelid = :'relation' and c.relkind not in ('p', 'I')
window w as (order by i.inhseqno)
order by i.inhseqno
