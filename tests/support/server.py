"""The private PostgreSQL of a test run, by support/postgres.sh, and what else says READY."""

import os
import secrets
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg2

from .secrets import SECRETS


class Server:
    """Where the server is, as its READY line says: host, port, socket, user, password, …"""

    def __init__(self, ready):
        self.__dict__.update(word.split("=", 1) for word in ready.split()[1:])

    def url(self, password=True, options=""):
        secret = f":{self.password}" if password else ""
        return f"postgresql://{self.user}{secret}@{self.host}:{self.port}/postgres{options}"

    def ask(self, query, *values):
        """What a client that shares no code with the kernel sees."""
        with session(self.url()) as cursor:
            cursor.execute(query, values or None)
            return cursor.fetchall() if cursor.description else None

    def database(self, name):
        """Makes an empty database; gives its address."""
        self.ask(f"create database {name}")
        return self.url().removesuffix("/postgres") + f"/{name}"


@contextmanager
def session(url):
    """A cursor, for as long as the block runs; each statement is a transaction of its own."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


@contextmanager
def running(program=Path(__file__).with_name("postgres.sh"), **environment):
    """A server for as long as the block runs."""
    process = subprocess.Popen(
        [program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    ready = process.stdout.readline()
    if not ready.startswith("READY"):
        raise RuntimeError(f"the test server did not start: exit status {process.wait()}")
    server = Server(ready)
    SECRETS.add(server.password)
    try:
        yield server
    finally:
        process.stdin.close()
        process.wait(timeout=30)


@contextmanager
def cluster():
    """Four servers that know each other's password: one to ask, three to keep the rows."""
    password = secrets.token_hex(16)
    with ExitStack() as stack, ThreadPoolExecutor() as pool:
        # What a server itself connects to, it does with the password of its environment.
        starts = [running(PGPASSWORD=password) for _ in range(4)]
        yield list(pool.map(stack.enter_context, starts))
