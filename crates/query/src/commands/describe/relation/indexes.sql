-- The indexes of a relation. In psql, before: select 'people'::regclass::oid as relation \gset
select 'Indexes:' as heading
, '    "' || c.relname || '"'
  || case
       when con.contype = 'x' then ' ' || pg_catalog.pg_get_constraintdef(con.oid, true)
       else case
           when i.indisprimary then ' PRIMARY KEY,'
           when i.indisunique and con.contype = 'u' then ' UNIQUE CONSTRAINT,'
           when i.indisunique then ' UNIQUE,'
           else ''
         end
         || ' ' || pg_catalog.regexp_replace(pg_catalog.pg_get_indexdef(i.indexrelid, 0, true), '^.*? USING ', '')
         || case when con.condeferrable then ' DEFERRABLE' else '' end
         || case when con.condeferred then ' INITIALLY DEFERRED' else '' end
     end
  || case when i.indisclustered then ' CLUSTER' else '' end
  || case when i.indisvalid then '' else ' INVALID' end
  || case when i.indisreplident then ' REPLICA IDENTITY' else '' end
  || coalesce(', tablespace "' || s.spcname || '"', '') as line
from pg_catalog.pg_index i
join pg_catalog.pg_class c on c.oid = i.indexrelid
left join pg_catalog.pg_constraint con on con.conrelid = i.indrelid and con.conindid = i.indexrelid and con.contype in ('p', 'u', 'x')
left join pg_catalog.pg_tablespace s on s.oid = c.reltablespace
where i.indrelid = :'relation'
order by i.indisprimary desc, c.relname
