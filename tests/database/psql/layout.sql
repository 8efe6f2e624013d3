-- How tables are laid out: widths, lines, headers, formats.

--- no rows
select 1 as a, 'x' as b where false;

--- no columns
select;

--- no columns and several rows
select from generate_series(1, 3);

--- no columns and no rows
select from generate_series(1, 0);

--- one column
select 1 as one;

--- sixty columns
select 1 as c01, 2 as c02, 3 as c03, 4 as c04, 5 as c05, 6 as c06, 7 as c07, 8 as c08, 9 as c09, 10 as c10, 11 as c11, 12 as c12, 13 as c13, 14 as c14, 15 as c15, 16 as c16, 17 as c17, 18 as c18, 19 as c19, 20 as c20, 21 as c21, 22 as c22, 23 as c23, 24 as c24, 25 as c25, 26 as c26, 27 as c27, 28 as c28, 29 as c29, 30 as c30, 31 as c31, 32 as c32, 33 as c33, 34 as c34, 35 as c35, 36 as c36, 37 as c37, 38 as c38, 39 as c39, 40 as c40, 41 as c41, 42 as c42, 43 as c43, 44 as c44, 45 as c45, 46 as c46, 47 as c47, 48 as c48, 49 as c49, 50 as c50, 51 as c51, 52 as c52, 53 as c53, 54 as c54, 55 as c55, 56 as c56, 57 as c57, 58 as c58, 59 as c59, 60 as c60;

--- columns of the same name
select 1 as a, 2 as a, 'x' as a;

--- columns without a name
select 1, 'x', now() is null, count(*) from pg_class where false;

--- names that are odd
select 1 as " ", 2 as "a b", 3 as "Ünï", 4 as "a|b", 5 as "new
line", 6 as "tab	tab", 7 as "!";

--- the header is wider than its values
select 1 as a_header_that_is_quite_long, 'x' as b, 12345 as another_header_that_is_longer_yet;

--- the values are wider than their header
select 123456789 as a, 'some text that is wider' as b, null as c;

--- headers in the middle
select 'abc' as a, 'abcd' as b, 'abcde' as c, 12345 as d, 123456 as e;

--- values of several lines
select E'first\nsecond' as a, 1 as n, E'x\ny\nz' as b;

--- values that end with a line
select E'first\n' as a, E'\n' as b, E'\n\nlast' as c;

--- values of several lines in several rows
select a, n from (values (E'one\ntwo', 1), ('three', 2), (E'four\nfive\nsix', 3)) as v (a, n);

--- lines that end in other ways
select E'carriage\rreturn' as a, E'both\r\nof them' as b;

--- tabs
select E'a\tb' as t, E'\t' as u, E'12345678\tx' as v, 1 as n;

--- control characters
select E'\x01\x02' as a, E'bell\x07' as b, E'esc\x1b[31m' as c, E'del\x7f' as d, E'\u0085' as e, E'\u009f' as f;

--- wide characters
select '日本語' as cjk, 'ｆｕｌｌ' as "full", '한국어' as "한글", 'abc' as abc, 1 as n;

--- emoji
select '😀' as smile, '👩‍👩‍👧' as family, '🇩🇪' as flag, '👍🏽' as thumb, '☺️' as old, 'x' as x;

--- marks that combine
select E'e\u0301' as e, E'a\u0300\u0301' as a, E'\u0301' as alone, 'é' as one, 'x' as x;

--- characters without a width
select E'a\u200bb' as zwsp, E'\ufeffx' as bom, E'a\u00adb' as soft, E'a\u200db' as joiner, 1 as n;

--- from right to left
select 'שלום' as hebrew, 'مرحبا' as arabic, 'abc שלום' as mixed, 1 as n;

--- scripts of India and Thailand
select 'नमस्ते' as hindi, 'สวัสดี' as thai, 'ཨ' as tibetan, 1 as n;

--- beyond the basic plane
select '𝔘𝔫𝔦' as fraktur, '𠀀𠀁' as cjk_b, '🂡' as card, E'\U0010FFFD' as private, 1 as n;

--- box drawing and symbols
select '│─┼' as box, '…–—' as dots, '½ ¼ ®' as latin, '→ ∞ ≤' as math, '１２３' as digits;

--- wide names and narrow values
select 1 as "日本語", 'x' as "😀", 2 as "e";

--- expanded
\x
select 1 as a, 'text' as b, null as c;

--- expanded rows with names of different widths
\x on
select n, 'row ' || n as a_long_name, E'two\nlines' as "日本" from generate_series(1, 11) as n;

--- expanded without rows
\x on
select 1 as a where false;

--- expanded without columns
\x on
select;

--- expanded with a long value
\x on
select repeat('x', 200) as a, 1 as b;

--- expanded when it is too wide
\x auto
select 1 as a, 2 as b;

--- expanded for one statement
select 1 as a, 2 as b \gx
select 3 as c;

--- without a border
\pset border 0
select 1 as a, 'text' as b, null as c union all select 22, E'two\nlines', 'x';

--- with a border around
\pset border 2
select 1 as a, 'text' as b, null as c union all select 22, E'two\nlines', 'x';

--- with a border around nothing
\pset border 2
select 1 as a where false;

--- expanded without a border
\pset border 0
\x on
select 1 as a, E'two\nlines' as bcd union all select 22, 'x';

--- expanded with a border around
\pset border 2
\x on
select 1 as a, E'two\nlines' as bcd union all select 22, 'x';

--- only the rows
\t
select 1 as a, 'x' as b union all select 2, 'yy';

--- only the rows, and none
\t on
select 1 where false;

--- only the rows, expanded
\t on
\x on
select 1 as a, 'x' as b union all select 2, 'yy';

--- without the count
\pset footer off
select 1 as a;

--- unaligned
\pset format unaligned
select 1 as a, E'two\nlines' as b, null as c, 'a|b' as d;

--- unaligned with other separators
\pset format unaligned
\pset fieldsep ' ; '
\pset recordsep '<>'
select 1 as a, 2 as b union all select 3, 4;

--- unaligned without rows
\pset format unaligned
select 1 as a where false;

--- unaligned and expanded
\pset format unaligned
\x on
select 1 as a, null as b union all select 2, 'x';

--- unaligned, only the rows
\pset format unaligned
\t on
select 1 as a, 'x' as b;

--- csv
\pset format csv
select 1 as a, 'say "hi"' as "b,c", null as d, E'two\nlines' as e, '' as f, ' x ' as g;

--- csv without rows
\pset format csv
select 1 as a, 2 as b where false;

--- csv, only the rows
\pset format csv
\t on
select 1 as a, 'x,y' as b;

--- csv and expanded
\pset format csv
\x on
select 1 as a, 'x,y' as b union all select 2, 'z';

--- several results with a setting changed between them
select 1 as a;
\x on
select 2 as b;
\x off
select 3 as c;
