"""A DuckDB that speaks PostgreSQL's protocol, on a free port, for as long as its input is open.

With a name and a password as arguments it lets nobody else in. What it is asked it writes to its
standard error."""

import logging
import os
import sys
from threading import Thread

import duckdb
from buenavista.backends.duckdb import DuckDBConnection
from buenavista.postgres import BuenaVistaServer

TABLES = """
create table people (
  id integer primary key,
  name varchar not null,
  v double default 1.5,
  d date
);
insert into people values
  (1, 'Ada', 0.5, '1815-12-10'), (2, 'Grace', null, null), (3, 'O''Neil', 2.25, '2024-02-29');
create table pets (name varchar, owner integer references people (id));
create view adults as select id, name from people where d is not null;
create schema shop;
create table shop.orders (id bigint, person integer);
create index by_person on shop.orders (person);
create sequence counter;
attach ':memory:' as other;
create table other.elsewhere (n integer);
"""


def main():
    logging.basicConfig(format="%(message)s", level=logging.INFO)
    database = duckdb.connect()
    database.execute(TABLES)
    auth = dict([sys.argv[1:]]) if sys.argv[1:] else None
    server = BuenaVistaServer(("127.0.0.1", 0), DuckDBConnection(database), auth=auth)
    host, port = server.server_address
    print(f"READY host={host} port={port}", flush=True)
    Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
    os._exit(0)  # its sessions have threads of their own


if __name__ == "__main__":
    main()
