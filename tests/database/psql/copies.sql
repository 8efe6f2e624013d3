-- COPY, both ways.

--- out as text
copy (select 1, 'two', null, E'a\tb', E'line\nend', E'back\\slash') to stdout;

--- out as CSV
copy (select 1 as a, 'say "hi"' as "b,c", null as d, '' as e, E'two\nlines' as f) to stdout with (format csv, header);

--- out with options
copy (select 1, null, 'x') to stdout (delimiter '|', null 'none');

--- out and nothing there
copy (select 1 where false) to stdout;

--- in as text
create table t (a int, b text);
copy t from stdin;
1	one
2	\N
3	tab\there
\.
table t;

--- in as CSV
copy t from stdin (format csv, header);
a,b
4,"four, quoted"
5,
\.
select * from t where a > 3;

--- in with columns of its own
copy t (b) from stdin;
alone
\.
select count(*) from t where a is null;

--- in and nothing there
copy t from stdin;
\.
select count(*) from t;

--- in up to the end of the cell
copy t from stdin;
7	seven
8	eight

--- in from elsewhere
copy t from stdin where a < 10;
9	kept
10	left out
\.
select count(*) from t;

--- in and out in one cell
copy t (a) from stdin;
11
12
\.
copy (select a from t where a > 10 order by a) to stdout;
select 'after' as then;

--- in from a line that is wrong
copy t from stdin;
1	fine
two	wrong
3	never read
\.
select 'not reached';

--- in with too many columns
copy t from stdin;
1	2	3
\.

--- out of a function with notices
create function tells() returns setof int language plpgsql as $$ begin raise notice 'telling'; return next 1; end $$;
copy (select tells()) to stdout;

--- out sent with others
select 1 as before\; copy (values (1), (2)) to stdout\; select 2 as after;

--- long lines
copy (select repeat('x', 5000) from generate_series(1, 3)) to stdout;
