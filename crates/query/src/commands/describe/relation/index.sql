-- What an index is. In psql, before: select 'index'::regclass::oid as relation \gset
select null as heading
, case when i.indisprimary then 'primary key, ' when i.indisunique then 'unique' else '' end
  || case when i.indisunique and not i.indisprimary and i.indnullsnotdistinct then ' nulls not distinct' else '' end -- 15..
  || case when i.indisunique and not i.indisprimary then ', ' else '' end
  || am.amname
  -- An index is in the schema of its table.
  || ', for table "' || n.nspname || '.' || t.relname || '"'
  || coalesce(', predicate (' || pg_catalog.pg_get_expr(i.indpred, i.indrelid, true) || ')', '')
  || case when i.indisclustered then ', clustered' else '' end
  || case when i.indisvalid then '' else ', invalid' end
  || case when con.condeferrable and not i.indimmediate then ', deferrable' else '' end
  || case when con.condeferred and not i.indimmediate then ', initially deferred' else '' end
  || case when i.indisreplident then ', replica identity' else '' end as line
from pg_catalog.pg_index i
join pg_catalog.pg_class c on c.oid = i.indexrelid
join pg_catalog.pg_am am on am.oid = c.relam
join pg_catalog.pg_class t on t.oid = i.indrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_constraint con on con.conrelid = i.indrelid and con.conindid = i.indexrelid and con.contype in ('p', 'u', 'x')
where i.indexrelid = :'relation'
