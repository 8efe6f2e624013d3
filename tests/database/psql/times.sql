-- Dates, times and intervals, in every style.

--- dates near and far
select '2024-02-29'::date, '0001-01-01'::date, '4713-01-01 BC'::date, '5874897-12-31'::date, 'infinity'::date, '-infinity'::date;

--- the year before the first
select '0001-12-31 BC'::date, '0044-03-15 12:00:00 BC'::timestamp, '0044-03-15 12:00:00+00 BC'::timestamptz;

--- times
select '00:00'::time, '24:00'::time, '23:59:59.999999'::time, '12:34:56.7'::time, '12:00:00-08'::timetz, '12:00+05:30'::timetz;

--- timestamps and their fractions
select '2024-01-01'::timestamp, '2024-01-01 12:00:00.1'::timestamp, '2024-01-01 12:00:00.123456'::timestamp, '294276-12-31 23:59:59.999999'::timestamp, 'infinity'::timestamp, '-infinity'::timestamp;

--- timestamps with a time zone
set timezone = 'Europe/Paris';
select '2024-01-01 12:00:00+00'::timestamptz, '2024-07-01 12:00:00+00'::timestamptz, '1900-01-01 00:00:00+00'::timestamptz, 'infinity'::timestamptz;

--- a zone of half an hour
set timezone = 'Asia/Kolkata';
select '2024-01-01 12:00:00+00'::timestamptz, '2024-01-01 12:00:00+00'::timestamptz at time zone 'UTC';

--- fewer digits of seconds
select '12:34:56.789'::time(1), '2024-01-01 12:00:00.987654'::timestamp(3), '1.987654 seconds'::interval(2), '2024-01-01 12:00:00.987654+00'::timestamptz(0);

--- datestyle SQL
set datestyle = 'SQL, DMY';
select '2024-02-29'::date, '2024-02-29 12:34:56.789'::timestamp, '2024-02-29 12:34:56+00'::timestamptz;

--- datestyle SQL, month first
set datestyle = 'SQL, MDY';
select '2024-02-29'::date, '0044-03-15 BC'::date;

--- datestyle German
set datestyle = 'German';
select '2024-02-29'::date, '2024-02-29 12:34:56.789'::timestamp, '2024-02-29 12:34:56+00'::timestamptz;

--- datestyle Postgres
set datestyle = 'Postgres, MDY';
select '2024-02-29'::date, '2024-02-29 12:34:56.789'::timestamp, '2024-02-29 12:34:56+00'::timestamptz;

--- intervals in PostgreSQL's style
select '1 year 2 months -3 days 04:05:06.7'::interval, '-1 day'::interval, '0'::interval, '1 mon'::interval, '-2 years +1 month'::interval, '100:00:00'::interval;

--- intervals in the verbose style
set intervalstyle = 'postgres_verbose';
select '1 year 2 months -3 days 04:05:06.7'::interval, '-1 day'::interval, '0'::interval, '-1 mon 1 day'::interval;

--- intervals in the standard's style
set intervalstyle = 'sql_standard';
select '1 year 2 months'::interval, '3 days 04:05:06.7'::interval, '1 year 2 months -3 days 04:05:06.7'::interval, '0'::interval;

--- intervals in the style of ISO 8601
set intervalstyle = 'iso_8601';
select '1 year 2 months -3 days 04:05:06.7'::interval, '-1 day'::interval, '0'::interval, '0.5 seconds'::interval;

--- intervals of chosen fields
select '1-2'::interval year to month, '3 04:05'::interval day to minute, '5'::interval hour, '7.25'::interval second(1);

--- the largest interval
select '178000000 years'::interval, '2147483647 days'::interval, '-178000000 years'::interval;

--- parts and differences
select extract(epoch from '2024-01-01'::timestamp), date_part('doy', '2024-12-31'::date), age('2024-03-01', '2023-01-31'), '2024-03-01'::date - '2024-02-01'::date, date_trunc('month', '2024-02-29'::timestamp);

--- a series of days
select d::date, to_char(d, 'Dy DD Mon YYYY') from generate_series('2024-02-27'::timestamp, '2024-03-01', '1 day') as d;

--- a day that is none
select '2023-02-29'::date;

--- an hour that is none
select '25:00'::time;

--- not a date at all
select 'soon'::timestamp;
