"""Reads all of a large database: the inspector beside SQLAlchemy's, whose time is for columns, keys
and indexes alone."""

import os
import subprocess
import time

import sqlalchemy as sa
from support.server import session

TABLES = 10_000
# Twenty columns each, a key, a key to another table, an index, defaults.
MAKE = """
do $$
declare
  body text;
begin
  select string_agg(format('c%s %s', i, (array[
      'integer', 'text not null', 'numeric(10,2) default 0', 'timestamptz default now()',
      'varchar(20)', 'boolean'
    ])[i % 6 + 1]), ', ')
  into body from generate_series(1, 18) i;
  for n in 0..<TABLES> - 1 loop
    execute format('create table t%s (id bigint primary key, parent bigint %s, %s)', n,
      case when n > 0 then format('references t%s', n - 1) end, body);
    execute format('create index on t%s (c1, c2)', n);
    if n % 500 = 499 then
      commit;
    end if;
  end loop;
end $$
"""


def make(server):
    """The database; gives its address."""
    url = server.database("large")
    with session(url) as cursor:
        cursor.execute(MAKE.replace("<TABLES>", str(TABLES)))
        cursor.execute("vacuum analyze")
    return url


def ours(program, url):
    """Milliseconds from starting the program that prints everything as JSON to its end, and the
    megabytes it took at most."""
    began = time.perf_counter()
    process = subprocess.Popen([program, url], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, status
    return (time.perf_counter() - began) * 1000, usage.ru_maxrss / 1024


def sqlalchemys(url):
    """Milliseconds that SQLAlchemy takes, from connecting on."""
    engine = sa.create_engine(url.replace(":", "+psycopg2:", 1))
    began = time.perf_counter()
    with engine.connect() as connection:
        inspector = sa.inspect(connection)
        columns = inspector.get_multi_columns()
        inspector.get_multi_pk_constraint()
        inspector.get_multi_foreign_keys()
        inspector.get_multi_indexes()
    taken = (time.perf_counter() - began) * 1000
    engine.dispose()
    assert sum(map(len, columns.values())) == TABLES * 20
    return taken
