"""Rows into files and out of files, beside psql and connectorx: a table of a million rows."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

ROUNDS = 5
TABLE = """create table million as select i::bigint as id, 'name of ' || i as name, sqrt(i) as score,
timestamptz '2020-01-01' + i * interval '1 second' as at, i % 3 = 0 as flag,
(i * 1.01)::numeric(12,2) as amount from generate_series(1, 1000000) i"""
PEER = """import json, resource, sys, time, connectorx, pyarrow.parquet
began = time.perf_counter()
table = connectorx.read_sql(sys.argv[1], 'select * from million', return_type='arrow')
pyarrow.parquet.write_table(table, sys.argv[2], compression='zstd')
print(json.dumps([(time.perf_counter() - began) * 1000,
                  resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))"""


def measures(server, kernel, alternately, to_idle):
    """Milliseconds of ours and of the peer for CSV, Parquet and CSV's way back; megabytes of both
    at their highest while Parquet is written."""
    server.ask(TABLE)
    server.ask("vacuum analyze million")
    with tempfile.TemporaryDirectory() as folder:
        csv, theirs = Path(folder) / "million.csv", Path(folder) / "psql.csv"
        parquet = Path(folder) / "million.parquet"
        to_csv = alternately(
            ROUNDS,
            lambda: to_idle(kernel, f"%%export {csv}\nselect * from million"),
            lambda: psql(server, f"\\copy (select * from million) to '{theirs}' csv header"),
        )
        assert csv.read_bytes() == theirs.read_bytes()
        megabytes = []
        peaks = []
        forget_peak(process_of(kernel))

        def connectorx():
            milliseconds, peak = json.loads(
                subprocess.check_output(
                    [sys.executable, "-c", PEER, server.url(), f"{folder}/peer.parquet"]
                )
            )
            megabytes.append(peak)
            return milliseconds

        def ours():
            milliseconds = to_idle(kernel, f"%%export {parquet}\nselect * from million")
            peaks.append(peak(process_of(kernel)))
            return milliseconds

        to_parquet = alternately(ROUNDS, ours, connectorx)
        server.ask("create table copied (like million)")

        def into_new():
            server.ask("drop table if exists imported")
            return to_idle(kernel, f"%import {csv} into imported")

        def into_old():
            server.ask("truncate copied")
            return psql(server, f"\\copy copied from '{theirs}' csv header")

        from_csv = alternately(ROUNDS, into_new, into_old)
    return to_csv, to_parquet, (max(peaks), max(megabytes)), from_csv


def psql(server, command):
    """Milliseconds of a psql from its start to its end."""
    environment = dict(os.environ, PGPASSWORD=server.password)
    began = time.perf_counter()
    subprocess.run(
        ["psql", "-X", "-q", "-d", server.url(password=False), "-c", command],
        env=environment, check=True,
    )  # fmt: skip
    return (time.perf_counter() - began) * 1000


def forget_peak(process):
    Path(f"/proc/{process.pid}/clear_refs").write_text("5")


def peak(process):
    """The most megabytes that the process has had resident."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def process_of(kernel):
    return psutil.Process(kernel.manager.provisioner.pid)
