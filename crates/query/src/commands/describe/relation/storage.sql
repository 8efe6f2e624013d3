-- The type of a typed table, and how a relation is stored.
-- In psql, before: select 'people'::regclass::oid as relation \gset
select null as heading
, p.line
from pg_catalog.pg_class c
left join pg_catalog.pg_class toast on toast.oid = c.reltoastrelid
left join pg_catalog.pg_tablespace s on s.oid = c.reltablespace
left join pg_catalog.pg_am am on am.oid = c.relam
cross join lateral (values
  (1, 'Typed table of type: ' || nullif(c.reloftype, 0)::pg_catalog.regtype)
, (2, case -- +
    -- What is usual goes without saying: the default for tables of the user, nothing for the system's. -- +
    when c.relkind not in ('r', 'm') then null -- +
    when c.relreplident = 'f' then 'Replica Identity: FULL' -- +
    when c.relreplident = 'n' and c.relnamespace <> 'pg_catalog'::pg_catalog.regnamespace then 'Replica Identity: NOTHING' -- +
    when c.relreplident = 'd' and c.relnamespace = 'pg_catalog'::pg_catalog.regnamespace then 'Replica Identity: ???' -- +
  end) -- +
  -- ..11: , (3, case when c.relhasoids and c.relkind <> 'm' then 'Has OIDs: yes' end)
, (4, case when c.relkind in ('r', 'm', 'i', 'p', 'I', 't') then 'Tablespace: "' || s.spcname || '"' end)
, (5, case when c.relkind in ('r', 'm', 'f', 'p', 'I', 't') then 'Access method: ' || am.amname end) -- +, 12..
, (6, 'Options: ' || nullif(pg_catalog.array_to_string(c.reloptions || array(select 'toast.' || x from pg_catalog.unnest(toast.reloptions) x), ', '), '')) -- +
) p(place, line)
where c.oid = :'relation' and p.line is not null
order by p.place
