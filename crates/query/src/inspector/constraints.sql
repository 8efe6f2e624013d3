-- The constraints of relations, and the foreign keys that refer to them; columns by their numbers.
-- In psql, before: \set condition true \set oids 0
select k.conrelid
, k.contype
, k.conname
, pg_catalog.array_to_string(k.conkey, ' ')
, k.confrelid
, pg_catalog.array_to_string(k.confkey, ' ')
, k.confupdtype
, k.confdeltype
, pg_catalog.array_to_string(k.confdelsetcols, ' ') -- 15..
-- ..14: , null
, k.confmatchtype
, k.condeferrable
, k.condeferred
, k.convalidated
, k.connoinherit
, k.conparentid <> 0 -- 11..
-- ..10: , false
, k.conindid
, case k.contype
    when 'c' then pg_catalog.pg_get_expr(k.conbin, k.conrelid, true)
    when 'x' then pg_catalog.pg_get_constraintdef(k.oid, true)
  end
, d.description
from pg_catalog.pg_constraint k
join pg_catalog.pg_class c on c.oid = k.conrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_constraint p on p.oid = k.conparentid -- 11..
left join pg_catalog.pg_description d
  on d.objoid = k.oid and d.classoid = 'pg_catalog.pg_constraint'::pg_catalog.regclass
where k.contype in ('p', 'u', 'f', 'c', 'x') and (:condition or k.confrelid in (:oids))
-- A key that refers to a partitioned table has one more for each partition, the server's own.
and p.conrelid is distinct from k.conrelid -- 11..
order by k.conrelid, k.conname
