-- Geometry, networks, search, object identifiers and what the system itself uses.

--- points, lines and shapes
select '(1,2)'::point, '{1,2,3}'::line, '[(0,0),(1,1)]'::lseg, '(1,1),(0,0)'::box, '[(0,0),(1,1),(2,0)]'::path, '((0,0),(1,1),(2,0))'::path, '((0,0),(1,1),(2,0))'::polygon, '<(1,2),3>'::circle;

--- shapes with odd numbers
select '(1e300,-0)'::point, '(Infinity,NaN)'::point, '<(0.1,0.2),0.3>'::circle;

--- shapes reckoned with
select point '(1,2)' + point '(3,4)', '<(0,0),2>'::circle @> point '(1,1)', area('(2,2),(0,0)'::box), polygon(4, '<(0,0),1>'::circle) is null;

--- networks
select '192.168.1.5'::inet, '192.168.1.5/24'::inet, '10.0.0.0/8'::cidr, '::1'::inet, '2001:db8::/32'::cidr, '::ffff:1.2.3.4'::inet, '0.0.0.0/0'::cidr;

--- hardware addresses
select '08:00:2b:01:02:03'::macaddr, '08002b010203'::macaddr, '08:00:2b:01:02:03:04:05'::macaddr8, macaddr8_set7bit('08:00:2b:01:02:03'::macaddr8);

--- networks reckoned with
select host('10.1.2.3/8'::inet), network('10.1.2.3/8'::inet), '10.1.2.3'::inet + 256, inet '10.1.2.3' << cidr '10/8';

--- text search
select to_tsvector('english', 'The quick brown foxes jumped'), 'a:1A fat:2B,4C cat:5'::tsvector, ''::tsvector, 'it''s:3'::tsvector;

--- questions of text search
select 'fat & (rat | cat)'::tsquery, '!a <-> b'::tsquery, 'sup:*ab'::tsquery, ''::tsquery, to_tsquery('english', 'foxes & the');

--- places in the log
select '0/0'::pg_lsn, 'FFFFFFFF/FFFFFFFF'::pg_lsn, '16/B374D848'::pg_lsn - '16/B374D840'::pg_lsn;

--- snapshots
select '10:20:10,14,15'::txid_snapshot, '10:20:'::pg_snapshot, '12:16:14,14'::pg_snapshot;

--- names of objects
select 'pg_class'::regclass, 'int4'::regtype, 'now'::regproc, 'now()'::regprocedure, '+(int4,int4)'::regoperator, 'english'::regconfig, 'simple'::regdictionary, 'pg_catalog'::regnamespace, '"C"'::regcollation, 0::regclass, '-'::regproc;

--- names that must be quoted
create table "Odd name" (id int);
create schema "S"; create table "S"."t""x" (id int);
select '"Odd name"'::regclass, '"S"."t""x"'::regclass, '"char"'::regtype, 'varchar(10)'::regtype, 'int[]'::regtype;

--- numbers that name nothing
select 4294967295::oid::regclass, 4294967295::oid::regtype;

--- access rights
select 'pg_database_owner=UC/pg_database_owner'::aclitem, makeaclitem(0, 10, 'SELECT', false) is not null;

--- nothing at all
select pg_notify('channel', ''), pg_sleep(0);

--- cursors
begin;
declare c cursor for select n, n * n as square from generate_series(1, 6) as n;
fetch c;
fetch 2 from c;
move c;
fetch backward from c;
fetch all from c;
fetch c;
close c;
commit;

--- a cursor out of a function
create function some(refcursor) returns refcursor language plpgsql as $$
begin
  open $1 for select 'found' as it;
  return $1;
end $$;
begin;
select some('mine');
fetch all in mine;
commit;

--- trigger functions and the like as types
select pg_typeof(null::record) is not null, oid::regprocedure from pg_proc where proname in ('int4in', 'array_in') order by 2;

--- a table's hidden columns
create table hidden (id int);
insert into hidden values (1), (2);
select ctid, tableoid::regclass, id from hidden;

--- a bad address
select '300.1.1.1'::inet;

--- bits set right of the mask
select '10.1.2.3/8'::cidr;

--- a bad question
select 'a &'::tsquery;
