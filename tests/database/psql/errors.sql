-- Errors: the server's words, places, details, hints, contexts.

--- no such table
select * from nosuch;

--- no such column, with a hint
select pg_clas.oid from pg_class;

--- a column nearly right
select relnam from pg_class;

--- a syntax error in the middle
select 1 form pg_class;

--- a syntax error at the end
select 1 +;

--- a syntax error on the third line
select 1,
       2,
       three four five
  from pg_class;

--- a syntax error after a tab
select	1	frm	x;

--- a syntax error after wide characters
select '日本語😀' as a, nosuch as b;

--- a syntax error far to the right
select 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' as a, nosuch, 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb' as b;

--- a syntax error in a long line at its end
select 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' as a, nosuch;

--- a syntax error in a long line at its start
select nosuch, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' as a;

--- a type that does not fit
select 1 + 'x'::text;

--- an operator that is not there
select '2024-01-01'::date + '2024-01-01'::date;

--- a function that is not there
select nosuch(1, 'x');

--- ambiguous
select oid from pg_class, pg_type;

--- grouped wrongly
select relname, count(*) from pg_class;

--- a key twice
create table t (id int primary key, n int check (n > 0) not null);
insert into t values (1, 1), (1, 2);

--- a check fails
insert into t values (2, -1);

--- nothing where something must be
insert into t values (3, null);

--- a foreign key
create table u (t int references t);
insert into u values (99);

--- it exists already
create table t ();

--- others need it
create view w as select * from t;
drop table t;

--- an error inside a function
create function fails(n int) returns int language plpgsql as $$
begin
  return 1 / n;
end $$;
select fails(0);

--- an error inside functions that call each other
create function outer_one(n int) returns int language plpgsql as $$ begin return fails(n); end $$;
select outer_one(0);

--- an error in a query inside a function
create function asks() returns int language plpgsql as $$
begin
  return (select nosuch from pg_class);
end $$;
select asks();

--- an error in a query made from text
do $$ begin execute 'select 1,
  oops from pg_class'; end $$;

--- an error in a function that is only being made
create function bad() returns int language plpgsql as $$
begin
  retrun 1;
end $$;

--- an error in a function of SQL
create function bad() returns int language sql as $$ select nosuch; $$;

--- raised with everything
do $$ begin
  raise exception 'it is %', 'over' using detail = 'a detail', hint = 'a hint', errcode = 'P0099', column = 'c', table = 't';
end $$;

--- raised with lines
do $$ begin raise exception E'one\ntwo' using hint = E'three\nfour'; end $$;

--- asserted
do $$ begin assert 1 = 2, 'not equal'; end $$;

--- out of the range of a type, in rows
insert into t select 3000000000 + n, 1 from generate_series(1, 2) as n;

--- a permission
set role pg_read_all_data;
delete from t;

--- a transaction that has failed
begin;
select 1/0;

--- read only
begin read only;
create table no ();

--- rows before the error
select 1 as fine;
select 1 / (n - 3) as x from generate_series(1, 5) as n;

--- what was done before stays
insert into t values (50, 1);
select 1/0;

--- and it stayed
select * from t where id = 50;

--- not allowed here
select max(count(*)) from pg_class;

--- too deep
select '((((((((1))))))))'::box;

--- cannot be in a transaction
begin;
vacuum;
