-- The value of a setting, now.
-- In psql, before: \set name DateStyle
select pg_catalog.current_setting(:'name', true)
