"""Engines that only resemble PostgreSQL: a DuckDB that speaks its protocol, a process of its own."""

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.secrets import SECRETS

PASSWORD = "correct-horse-duck"


class Engine:
    """A running engine: its address, and what it was asked."""

    def __init__(self, ready, log):
        place = dict(word.split("=", 1) for word in ready.split()[1:])
        self.port = int(place["port"])
        self.url = "postgresql://ada@{host}:{port}/memory".format(**place)
        self.log = log

    def asked(self):
        """The texts of the queries so far."""
        parts = self.log.read_text().split("Input SQL: ")[1:]
        return [part.rstrip("\n") for part in parts]


@contextmanager
def running(log, *auth):
    """An engine, for as long as the block runs."""
    process = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("server.py"), *auth],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log.open("w"),
        text=True,
    )
    ready = process.stdout.readline()
    if not ready.startswith("READY"):
        raise RuntimeError(f"the engine did not start: exit status {process.wait()}")
    try:
        yield Engine(ready, log)
    finally:
        process.stdin.close()
        process.wait(timeout=30)


@pytest.fixture
def engine(tmp_path):
    """A fresh engine: tests make tables in it."""
    with running(tmp_path / "engine.log") as engine:
        yield engine


@pytest.fixture
def guarded(tmp_path):
    """An engine that wants a password."""
    SECRETS.add(PASSWORD)
    with running(tmp_path / "engine.log", "ada", PASSWORD) as engine:
        yield engine


@pytest.fixture
def duck(start, engine):
    """A fresh kernel whose first connection is the engine."""
    return start({"DATABASE_URL": engine.url})
