-- How far the statement of a process has come; and which process answers, which is not the one
-- that has greeted where a pooler stands between.
-- In psql, before: \set process 1234
select pg_catalog.pg_backend_pid(), step.*
from (
  select command, relid::pg_catalog.regclass, phase,
    case when blocks_total > 0 then blocks_done else tuples_done end as done,
    case when blocks_total > 0 then blocks_total else tuples_total end as total,
    null::pg_catalog.int8 as rows
  from pg_catalog.pg_stat_progress_create_index
  where pid = :process
  union all
  select 'VACUUM', relid::pg_catalog.regclass, phase,
    case phase when 'vacuuming heap' then heap_blks_vacuumed else heap_blks_scanned end,
    heap_blks_total, null
  from pg_catalog.pg_stat_progress_vacuum
  where pid = :process
  union all
  select command, relid::pg_catalog.regclass, phase, heap_blks_scanned, heap_blks_total, null
  from pg_catalog.pg_stat_progress_cluster
  where pid = :process
  union all
  select 'ANALYZE', relid::pg_catalog.regclass, phase, sample_blks_scanned, sample_blks_total, null
  from pg_catalog.pg_stat_progress_analyze
  where pid = :process
  union all
  select command, relid::pg_catalog.regclass, '', bytes_processed, bytes_total, tuples_processed
  from pg_catalog.pg_stat_progress_copy
  where pid = :process
) as step
