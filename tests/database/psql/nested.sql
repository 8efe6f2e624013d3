-- Types that hold others: arrays, ranges, rows, json, xml, domains, enums.

--- arrays
select '{1,2,3}'::int[], '{}'::int[], '{NULL,1}'::int[], array[1.5, 'NaN'::numeric], null::text[];

--- arrays of text that must be quoted
select array['a,b', 'say "hi"', E'back\\slash', '', 'NULL', null, ' x', '{}', E'line\nend'];

--- arrays of arrays
select '{{1,2},{3,4}}'::int[], '{{{1},{2}},{{3},{4}}}'::int[], array[array['a'], array['b']];

--- arrays that begin elsewhere
select '[0:2]={1,2,3}'::int[], '[-1:0][2:3]={{1,2},{3,4}}'::int[];

--- arrays of other types
select array[true, null], array['2024-01-01'::date], array['\xff'::bytea], array['1 day'::interval], array['(1,2)'::point], array['{"a": 1}'::jsonb], array['(0,0),(1,1)'::box, '(2,2),(3,3)'];

--- vectors
select '1 2 3'::int2vector, '4 5'::oidvector, ''::int2vector;

--- ranges
select '[1,5)'::int4range, '(1,5]'::int4range, 'empty'::int4range, '[1,)'::int8range, '(,)'::numrange, '[1.5,2.5]'::numrange;

--- ranges of time
select '[2024-01-01,2024-02-01)'::daterange, '[2024-01-01 10:00, 2024-01-01 11:30)'::tsrange, '["2024-01-01 10:00+00",)'::tstzrange, '(-infinity,infinity)'::daterange;

--- multiranges
select '{[1,3),[5,7)}'::int4multirange, '{}'::int4multirange, '{[1,3),[2,5)}'::int4multirange, '{(,1.5]}'::nummultirange, '{[2024-01-01,2024-01-02]}'::datemultirange;

--- json as it was written
select '{"b":1,  "a":[1,2 ,3]}'::json, 'null'::json, '"text"'::json, E'{"a":\n 1}'::json;

--- jsonb in its own order
select '{"b":1,  "a":[1,2 ,3], "b": 2}'::jsonb, '1.10'::jsonb, '{"é": "\u00e9"}'::jsonb, '[]'::jsonb, '{}'::jsonb;

--- json taken apart
select * from jsonb_each('{"a": 1, "b": null, "c": {"d": [true]}}');
select jsonb_pretty('{"a": [1, {"b": null}], "c": {}}');
select '{"a": {"b": [10, 20]}}'::jsonb #> '{a,b}', '{"a": {"b": [10, 20]}}'::jsonb #>> '{a,b,1}', '{"a": 1}'::jsonb ? 'a';

--- paths into json
select '$.a[*] ? (@.b > 1)'::jsonpath, jsonb_path_query('{"a": [1, 2, 3]}', '$.a[*] ? (@ >= 2)');

--- xml
select '<a href="x">text &amp; more</a>'::xml, xmlelement(name e, xmlattributes(1 as n), 'body'), xmlforest(1 as a, null as b, 'c' as d);

--- rows
select row(1, 'a', null), row(), (1, 2), row('a,b', 'say "x"', '', row(1, row(2)));

--- rows of a table
create table people (id int, name text, born date);
insert into people values (1, 'Ada', '1815-12-10'), (2, 'Bob "B"', null);
select people from people;
select (people).name, people.* from people;

--- a type of its own
create type place as (x int, y text);
select '(1,here)'::place, ('(1,"a, b")'::place).y, array['(1,a)'::place, '(2,)'], null::place, row(null, null)::place;

--- an enumeration
create type mood as enum ('sad', 'ok', 'very happy', 'Ünïcode');
select 'sad'::mood, enum_range(null::mood), 'very happy'::mood as m, 'Ünïcode'::mood;

--- no such member
select 'glad'::mood;

--- a domain
create domain percent as int check (value between 0 and 100);
create domain words as text[];
select 50::percent, '{a,b}'::words, null::percent;

--- a domain refuses
select 101::percent;

--- a range of one's own
create type float_range as range (subtype = float8);
select '[1.5,2.5)'::float_range, '{[1,2)}'::float_multirange;

--- malformed
select '{1,2'::int[];

--- malformed json
select '{"a": tru}'::json;
