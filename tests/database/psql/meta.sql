-- psql's commands that print and set.

--- echo
\echo hello,   world
\echo -n no line end
\echo
\echo 'quoted  text' "double  quoted" it''s
\qecho to the output
\echo '\\' 'tab\there' 'new\nline' '\101'

--- warnings
\warn look out
\echo after

--- variables
\set name 'O''Brien'
\set n 42
\set empty
\echo :name :n :'name' :"name" :empty: :nosuch
select :n as n, :'name' as name, 1 as :"name", ':n' as no, 'a:n' as neither;

--- variables of several parts
\set both one two 'three four'
\echo :both
\set sql 'select 1 as one;'
:sql
\unset both
\echo :both

--- variables that are not there
select ':nosuch', array[1,2,3][1:2], '12:30'::time, 1::text;

--- whether a variable is there
\set there 1
\echo :{?there} :{?missing}
select :{?there} as a, :{?missing} as b;

--- a row into variables
select 1 as a, 'two' as b, null as c \gset
\echo :a :b :c
select 3 as x \gset my_
\echo :my_x

--- a changed row into variables
create table changed (id int, name text);
insert into changed values (1, 'a') returning id \gset
\echo :id
update changed set name = 'b' returning name \gset
\echo :name
create table without_rows () \gset
select 1 as first\; select 2 as second \gset
\echo :second

--- sent by a command
select 1 as a \g
select 2 as b, 3 as c \gx
\g

--- the statement begun
select 1 as a
\p
\g
\p

--- forgotten
select 1
\r
select 2 as b;

--- formats said
\pset border 2
\pset format csv
\pset format aligned
\pset null 'none'
\pset tuples_only on
\pset footer off
\x
\x
\t
\pset fieldsep ,
\timing on
\timing off

--- no such option of a statement
\echo one \\ select 1 as a;

--- commands between statements
select 1 as a; \echo between
select 2 as b;

--- a statement that goes on after a line of its own for a command
select 1
\p
as a
  \p
, 2
\p \p
as b;
select position(e'\n' in current_query()) as line
\echo between
, length(current_query());

--- empty lines of a statement
select 1,

  2 -- two

  /* a

b */, 'x

y' as z,
  
 length(current_query()) as sent \p
;
select (1

)

\p

+ 1;

--- arguments that no command asks for
\set name Ada
\x on off :name
\x off;
\t on 'two words'; rest
\t off
\timing off "quoted" \\ select 1 as a;
\r now
select 1 \p one two
;
\pset null - twice
\unset name name
