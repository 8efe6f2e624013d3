-- Rows with the edges of each type, for the tables of hard cases.
insert into numbers values
  (-32768, -2147483648, -9223372036854775808, '-12345678901234567890.1234567890123456789', -99999999.99, -99999, '-Infinity', '-Infinity', '-92233720368547758.08', 0),
  (32767, 2147483647, 9223372036854775807, 'NaN', 'NaN', 'NaN', 'NaN', 'NaN', '92233720368547758.07', 4294967295),
  (0, 0, 0, 'Infinity', 0.00, 0, 1e-45, 5e-324, 0, 1),
  (null, null, null, '0.000', 1.10, 1, '-0', '-0', null, null),
  (1, 1, 1, '-Infinity', 1, 1, 3.4028235e38, 1.7976931348623157e308, 1, 1);
insert into texts values
  ('', '', '', '', '', '', '', '', B'000', B'', B'', ''),
  (E'it''s \\ \n\t"q" $1 €𝄞', E'\\', '  padded  ', 'x', 'x      ', 'y', 'a name', 'CiTeXt', B'101', B'10101010', B'1', 'x  '),
  ('NULL', '{}', '表表表', '表', 'ß', '\377', 'Name', '', B'111', B'0', null, null);
insert into times values
  ('4714-11-24 BC', '00:00', '23:59:59.999', '00:00+15:59', '4714-11-24 00:00:00 BC', '4714-11-25 00:00:00+00 BC', '2024-02-29 12:00', '2024-02-29 12:00:00.000001+00', '-178000000 years', '1 year 2 months', '00:00:01.123', '00:00:00.12', '12:30:00.25-03:30'),
  ('5874897-12-31', '24:00', '24:00', '24:00-15:59', '294276-12-31 23:59:59.999999', '294276-12-31 23:59:59.999999+00', 'infinity', '-infinity', '178000000 years 11 mons 30 days 23:59:59.999999', '-1 year', '-00:00:01.5', '1 day', '00:00+00'),
  ('infinity', '12:34:56.789012', '00:00:00.001', '01:02:03.000004+05:45:30', '-infinity', 'infinity', '0044-03-15 12:00:00 BC', '1880-01-01 00:00:00-05:50:36', '1 year 2 mons -3 days +04:05:06.789', '0', '0', '0', '23:59:59.99+00'),
  ('-infinity', null, null, null, 'infinity', null, null, null, '-00:00:00.000001', null, null, null, null);
insert into others values
  (true, '\x00ff5c27', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '[ 1 ]', '{"a": [1, null, "\u20ac"]}', '<a b="c">d &amp; e</a>', '10.1.2.3/8', '2001:db8::/32', '08:00:2b:01:02:03', '''it''''s'':1 b:2A', '''a'' & !b', '(1.5,-Infinity)', 'a=>NULL, "b c"=>"\"d"', 'a.b.c', 'numbers', '08:00:2b:01:02:03:04:05', '$.a[*] ? (@ > 1)'),
  (false, '', '00000000-0000-0000-0000-000000000000', 'null', 'null', 'text', '::1', '0.0.0.0/0', 'ff:ff:ff:ff:ff:ff', '', '', '(NaN,-0)', '', '', '"Mixed Case"', 'ff:ff:ff:ff:ff:ff:ff:ff', 'strict $'),
  (null, null, null, '"\u0000 x"', '1e400', null, '::ffff:1.2.3.4/128', null, null, null, null, null, null, null, null, null, null);
insert into ranges values
  ('empty', 'empty', 'empty', '{}', 'empty', '{}'),
  ('(,)', '(,)', '(,)', '{(,)}', '(,)', '{(,)}'),
  ('[-2147483648,2147483647)', '(1.10,2.200]', '[2024-01-01 00:00+00,infinity]', '{[1,3),[7,9),[20,)}', '[2024-01-01,infinity)', '{(,2024-01-01),[2025-01-01,2025-02-01)}'),
  ('[5,)', '[NaN,NaN]', '(-infinity,0044-03-15 12:00:00+00 BC)', null, '(,2024-02-29]', null);
insert into arrays values
  ('{}', '{}', '{}', '{}', '{}', '{}', '{}'),
  ('{1,NULL,-2147483648}', '{{a,NULL},{"NULL",""}}', '{"a b","{\"\\,}",NULL}', '{happy,"it''s \"odd\"","naïve ☃",NULL}', '{1.5,NULL,NaN}', '{"2024-01-01 00:00:00.123+00",infinity,NULL}', '{low,high,NULL}'),
  ('{7}', '{{"a,b"}}', '{表表表表表}', '{so-so}', '{-999.9}', null, null);
insert into enums values ('happy', 'low', 'a'), ('naïve ☃', 'high', null), ('it''s "odd"', 'low', 'a');
insert into domains values
  (1, 'abc', '{}', 2, 'x', 7, 'y'),
  (2147483647, null, '{a,NULL,"b c"}', 2147483646, '', 1, 'w'),
  (5, 'x' || 'y', null, 4, e'\\ ''', 2, 'Ä');
insert into composites values
  (row('a "b"', 1, '(1,2)'), array[row('x,y', null, null)::place, null]),
  (row(null, null, null), '{}'), (row('', -1, '(0,0)'), null), (null, array[row('(', 1, '(1,1)')::place]);
insert into defaults values (2, 'b', '2024-01-01', 'd', 'e', '{3}', '{"b": 2}', 1.25, 'i', '2024-02-29');
insert into collations values ('a', 'b', 'c', 'd'), (null, null, null, 'e');
insert into hashed values (1, 'A'), (2, ''), (null, null);
insert into no_columns select from generate_series(1, 2);
insert into "vec" values ('none', null, 'happy'), ('None', null, 'so-so'), ('', null, 'naïve ☃'), ('self', null, 'happy'), ('2nd', null, 'happy'), ('x²', null, 'happy');
insert into computed (a) values (1), (-7);
insert into "naïve ☃ 表" values (1.50, '日本', -1), (null, '', null);
