-- The settings, and the values that each can have.
select
  s.name,
  s.setting,
  s.unit,
  s.vartype,
  pg_catalog.array_to_json(s.enumvals),
  s.short_desc
from pg_catalog.pg_settings s
order by s.name
limit 2000
