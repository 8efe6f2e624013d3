-- Characters and bytes: text, char(n) and its padding, name, "char", bytea, bit, uuid.

--- text as it is
select 'plain', '', ' blanks at both ends ', 'it''s', E'back\\slash', $$dollar 'quoted'$$;

--- char is padded, varchar is not
select 'ab'::char(5), 'ab'::varchar(5), 'ab'::bpchar, length('ab'::char(5)), 'ab'::char(5) || '|';

--- a char column among others
select c, c || '!' as joined from (values ('a'::char(3)), ('abc'), (null)) as v (c);

--- cut by a cast
select 'abcdef'::varchar(3), 'abcdef'::char(3), 'abcdef'::name;

--- name is cut at 63 bytes
select repeat('x', 100)::name;

--- the type "char"
select 'a'::"char", 'abc'::"char", ''::"char", 65::"char", '\200'::"char";

--- bytes as hexadecimal
select '\xdeadbeef'::bytea, ''::bytea, 'text'::bytea, '\x00ff'::bytea;

--- bytes escaped
set bytea_output = 'escape';
select '\xdeadbeef'::bytea, 'text\\more'::bytea, '\x0001'::bytea, ''::bytea;

--- bits
select B'1010', B'1'::bit(8), B''::bit varying, '10101'::varbit(5), X'1F', B'101' & B'110';

--- uuid
select 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid, '{a0eebc999c0b4ef8bb6d6bb9bd380a11}'::uuid;

--- a literal without a type
select 'unknown', null, pg_typeof('x'), pg_typeof(null);

--- NULL, the empty string and the word
select null::text as a, ''::text as b, 'NULL' as c, ' ' as d;

--- NULL shown as something
\pset null (null)
select null::text as a, ''::text as b, null::int as n, 'NULL' as c from generate_series(1, 2);

--- NULL shown as something wide
\pset null ∅∅
select null as x, 1 as y;

--- a value of 10,000 characters
select repeat('0123456789', 1000) as long, 1 as after;

--- unicode escapes
select U&'d\0061t\+000061', U&'\00e9' as "é", E'\u00e9\U0001F600';

--- a character that cannot be
select chr(0);

--- bytes that are no text
select convert_from('\xff', 'UTF8');

--- too long for its type
create temp table t (c varchar(3)); insert into t values ('abcd');

--- the functions that make text
select format('%s %I %L', 'a', 'b c', null), concat_ws('-', 1, null, 3), quote_literal(E'a\\b'), to_char(1234.5, 'FM9,999.00'), encode('abc', 'base64'), md5('x');

--- regular expressions with several results
select regexp_matches('foobarbequebaz', 'ba.', 'g');
select regexp_split_to_table('a,b,,c', ',');
