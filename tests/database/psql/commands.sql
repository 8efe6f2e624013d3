-- Statements of every kind: tags, results without a select, several in one cell, notices.

--- tables are made, filled, changed and dropped
create table t (id int primary key, name text not null default 'nobody');
insert into t values (1, 'a'), (2, 'b');
insert into t (id) values (3);
update t set name = upper(name) where id < 3;
delete from t where id = 2;
table t;
truncate t;
drop table t;

--- rows that come back
create table t (id serial, name text);
insert into t (name) values ('a'), ('b') returning *;
update t set name = 'c' where id = 1 returning id, name;
delete from t returning id;
insert into t (name) select 'x' where false returning id;
drop table t;

--- other ways to ask
values (1, 'one'), (2, 'two');
table pg_am limit 0;
with n as (select 1 as a) select * from n;
(select 1) union all (select 2) order by 1;
show search_path;
show bytea_output;

--- what there is to know of a plan
explain (costs off) select * from pg_class where oid = 1;
explain (costs off, format json) select 1;
explain (analyze, costs off, timing off, summary off) select 1;

--- prepared
prepare p (int) as select $1 + 1 as next;
execute p (41);
deallocate p;

--- settings
set work_mem = '8MB';
show work_mem;
reset work_mem;
set local work_mem = '8MB';
select set_config('work_mem', '9MB', false);

--- transactions
begin;
create table kept (id int);
savepoint s;
insert into kept values (1);
rollback to s;
release s;
commit;
begin; rollback;
start transaction read only;
end;
abort;
select * from kept;

--- schemas, views, functions and all that
create schema s;
create view s.v as select 1 as a;
create materialized view s.m as select 2 as b;
refresh materialized view s.m;
create sequence s.q start 5;
select nextval('s.q'), currval('s.q');
create index on kept (id);
alter table kept add column note text;
comment on table kept is 'kept';
create function s.twice(x int) returns int language sql as $$ select x * 2; $$;
select s.twice(21);
create function s.body(x int) returns int begin atomic select x * 2; select x * 3; end;
select s.body(2);
grant select on kept to public;
analyze kept;
vacuum kept;
reindex table kept;
checkpoint;
drop schema s cascade;

--- procedures
create procedure nothing() language sql as $$ select 1 $$;
call nothing();
create procedure gives(inout a int, inout b text) language plpgsql as $$ begin a := a + 1; b := b || '!'; end $$;
call gives(1, 'x');

--- blocks and what they say
do $$ begin
  raise notice 'first';
  raise warning 'second: %', 42;
  raise info 'third';
  raise log 'not seen';
  raise notice using message = 'with more', detail = 'the detail', hint = 'the hint', errcode = '01000';
end $$;

--- a notice of several lines
do $$ begin raise notice E'one\ntwo'; end $$;

--- notices among rows
create function noisy(n int) returns int language plpgsql as $$ begin raise notice 'n is %', n; return n * 10; end $$;
select noisy(n) from generate_series(1, 3) as n;

--- warnings of the server
commit;
rollback;
drop table if exists nosuch, nothing_either;
create table if not exists kept ();

--- merge
create table stock (item text primary key, n int);
insert into stock values ('a', 1), ('b', 2);
merge into stock using (values ('a', 10), ('c', 30)) as new (item, n) on stock.item = new.item
  when matched then update set n = stock.n + new.n
  when not matched then insert values (new.item, new.n);
select * from stock order by item;

--- on conflict
insert into stock values ('a', 5) on conflict (item) do update set n = excluded.n returning *;
insert into stock values ('a', 6) on conflict do nothing;

--- a table from a query
create table copied as select n from generate_series(1, 5) as n;
select count(*) into counted from copied;
create temp table gone (id int) on commit drop;

--- listening to oneself
listen news;
unlisten *;
notify nobody, 'lost';

--- several statements sent as one
select 1 as a\; select 2 as b, 3 as c\; select 'last' as d;

--- several statements sent as one, without rows
create temp table u (id int)\; insert into u values (1), (2)\; table u;

--- an error among statements sent as one
select 1 as before\; select 1/0\; select 2 as never;

--- a cell without a semicolon at its end
select 1 as a;
select 2 as b

--- many semicolons
;;; select 1 as a;;; ; select 2 as b;

--- comments everywhere
-- a comment; with a semicolon
select /* inside */ 1 as a, -- at the end
  /* nested /* comments */ still; one */ 2 as b;
/* alone */

--- dollar quotes and strings that look like the end
select $a$ ; $b$ ; $a$ as x, ';' as y, E'\';' as z, "a;b" from (values (1)) as v ("a;b");

--- semicolons in parentheses
create table ruled (id int);
create rule twofold as on insert to ruled do also (select 1 as one; select 2 as two);
insert into ruled values (1);
drop table ruled;

--- system functions
select current_schema(), current_setting('server_encoding'), pg_client_encoding(), version() like 'PostgreSQL %' as ok;

--- grouping and windows
select g, n, sum(n) over (partition by g order by n), rank() over (order by n desc) from (values ('a', 1), ('a', 2), ('b', 3)) as v (g, n) order by g, n;
select g, count(*), array_agg(n order by n), string_agg(n::text, ', ' order by n) from (values ('a', 1), ('a', 2), ('b', 3)) as v (g, n) group by rollup (g) order by g;

--- a recursive query
with recursive f (n, a, b) as (select 1, 0::numeric, 1::numeric union all select n + 1, b, a + b from f where n < 10) select n, a from f;

--- lateral and functions with several columns
select v.n, s.* from (values (2), (3)) as v (n), lateral (select generate_series(1, v.n) as m) as s;
select * from generate_series(1, 2) with ordinality;
select * from unnest(array['a', 'b'], array[1, 2, 3]) as u (t, n);

--- set returning functions side by side
select generate_series(1, 3) as a, generate_series(1, 2) as b;

--- identity, generated and default columns
create table made (id int generated always as identity, a int default 7, twice int generated always as (a * 2) stored);
insert into made default values;
insert into made (a) values (3) returning *;

--- partitions
create table parts (id int, at date) partition by range (at);
create table parts_1 partition of parts for values from ('2024-01-01') to ('2025-01-01');
insert into parts values (1, '2024-05-05');
select tableoid::regclass, * from parts;
