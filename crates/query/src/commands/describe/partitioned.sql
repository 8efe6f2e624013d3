-- Partitioned tables and indexes. In psql, before: \set kinds pI \set condition true
-- `own` marks what hides the system's, the others what depends on what is listed.
select n.nspname as "Schema"
, c.relname as "Name"
, pg_catalog.pg_get_userbyid(c.relowner) as "Owner"
, case c.relkind when 'p' then 'partitioned table' when 'I' then 'partitioned index' end as "Type" -- both
, inh.inhparent::pg_catalog.regclass as "Parent name" -- nested
, t.oid::pg_catalog.regclass as "Table" -- index
, size.leaves as "Leaf partition size" -- +, leaves
, size.total as "Total size" -- +
, pg_catalog.obj_description(c.oid, 'pg_class') as "Description" -- +
from pg_catalog.pg_class c
left join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_index i on i.indexrelid = c.oid
left join pg_catalog.pg_class t on t.oid = i.indrelid
left join pg_catalog.pg_inherits inh on inh.inhrelid = c.oid
cross join lateral ( -- +
  select pg_catalog.pg_size_pretty(pg_catalog.sum(case when tree.level = 1 and tree.leaf then pg_catalog.pg_table_size(tree.relid) else 0 end)) as leaves -- +
  , pg_catalog.pg_size_pretty(pg_catalog.sum(pg_catalog.pg_table_size(tree.relid))) as total -- +
  from pg_catalog.pg_partition_tree(c.oid) as tree(relid, parent, leaf, level) -- +, 12..
  -- ..11: from (with recursive part as ( -- +
  -- ..11:     select inhrelid as relid, true as leaf, 1 as level from pg_catalog.pg_inherits where inhparent = c.oid -- +
  -- ..11:     union all select p.inhrelid, true, part.level + 1 from pg_catalog.pg_inherits p join part on p.inhparent = part.relid -- +
  -- ..11:   ) select * from part) tree -- +
) size -- +
where pg_catalog.strpos(:'kinds', c.relkind::pg_catalog.text) > 0
  and not c.relispartition -- topmost
  and n.nspname <> 'pg_catalog' -- own
  and n.nspname !~ '^pg_toast' -- own
  and n.nspname <> 'information_schema' -- own
  and :condition
order by "Schema"
, "Type" desc -- both
, "Parent name" nulls first -- nested
, "Name"
