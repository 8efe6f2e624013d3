-- Integers, numeric, floats, money, oid: extremes, signs, scales, special values.

--- smallest and largest integers
select '-32768'::int2, 32767::int2, '-2147483648'::int4, 2147483647, '-9223372036854775808'::int8, 9223372036854775807;

--- numeric keeps its scale
select 1.10::numeric, 1.1000, 0.000000000000000001, 1e20::numeric, 1e-20::numeric, -0.0;

--- numeric of 200 digits
select repeat('9', 200)::numeric, ('0.' || repeat('3', 100))::numeric;

--- numeric that is none
select 'NaN'::numeric, 'Infinity'::numeric, '-Infinity'::numeric;

--- numeric with a modifier
select 123.456::numeric(10,1), 123456::numeric(3,-3), 0.00123::numeric(3,5), 7::numeric(5);

--- floats in their shortest form
select 0.1::float8, 1/3.0::float8, 1e300::float8, 1e-300::float8, 0.1::float4, 16777216::float4, 1e15::float8, 1e16::float8;

--- extremes of the floats
select '1.7976931348623157e308'::float8, '4.9e-324'::float8, '3.4028235e38'::float4, '1e-45'::float4;

--- floats that are none
select 'NaN'::float8, 'Infinity'::float8, '-Infinity'::float8, 'nan'::float4, '-inf'::float4, '-0'::float8;

--- floats with fewer digits
set extra_float_digits = 0;
select 0.1::float8 + 0.2, 1/3.0::float8, 0.1::float4;

--- money
select 12.34::money, (-1234567.89)::money, 0::money, '92233720368547758.07'::money;

--- oid, xid, cid, xid8, tid
select 4294967295::oid, '4294967295'::xid, '3'::cid, '18446744073709551615'::xid8, '(4294967295,65535)'::tid;

--- numbers are aligned right, others left
select n, n::text as t, n::numeric as num, n::money as m, n::oid as o from (values (1), (22), (333)) as v (n);

--- booleans
select true, false, null::bool, not true as no;

--- arithmetic and its rounding
select 7 / 2, -7 / 2, 7 % -3, 7.0 / 2, 2 ^ 10, |/ 2.0, @ -5, 10 # 3, ~ 5, 1 << 3;

--- numbers as they are typed
select 1_0 as alias, .5, 5., 1.e3, 42e-1;

--- random numbers of a seed
select setseed(0.5); select (random() * 1000)::int from generate_series(1, 3);

--- an integer out of range
select 2147483648::int4;

--- an integer that is none
select 'twelve'::int;

--- a numeric that does not fit
select 1000::numeric(3,0);

--- division by nought
select 1 / 0;

--- overflow in the middle of rows
select 10 / (3 - n) from generate_series(1, 5) as n;
