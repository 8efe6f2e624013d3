"""Measures Rowcell beside its peers, in one run on one machine, and writes a table in Markdown."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import psutil
import zmq
from jupyter_client.connect import write_connection_file
from jupyter_client.session import Session

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import files  # noqa: E402
import rust_cells  # noqa: E402
import shown  # noqa: E402
import structure  # noqa: E402
from support import server as test_server  # noqa: E402
from support.kernel import Kernel, family  # noqa: E402

STARTS = 15
READINGS = 5
QUERIES = 400
IPYKERNEL = [sys.executable, "-m", "ipykernel_launcher", "-f"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rowcell", type=Path, required=True, help="the program to measure")
    parser.add_argument("--to", type=Path, required=True, help="the file to write")
    options = parser.parse_args()
    rowcell = [str(options.rowcell.absolute()), "kernel"]
    os.environ["XDG_DATA_HOME"] = tempfile.mkdtemp()  # the user's history stays the user's

    start = alternately(STARTS, lambda: first_reply(rowcell), lambda: first_reply(IPYKERNEL))
    query = select_one(options.rowcell)
    memory = resident(rowcell), resident(IPYKERNEL)
    embedded = statistics.median(first_select(rowcell) for _ in range(STARTS))
    everything, most, peer = inspect(options.rowcell.parent / "examples/structure")
    first, warm, more, iterated, megabytes = in_rust(options.rowcell)
    rows = [
        ("", "goal", "Rowcell", "peer", "ratio"),
        ("---", "---", "---:", "---:", "---:"),
        compared("start to `kernel_info_reply`; peer: ipykernel", 0.15, *start),
        compared("`select 1`, request to idle, p50; peer: JupySQL, same server", 0.4, *query),
        limited("resident memory when idle; peer: ipykernel", 20, "MB", *memory),
        limited("start to the end of the first `select`, embedded", 1500, "ms", embedded),
        compared(
            "inspector, everything of 10,000 tables and 200,000 columns; "
            "peer: SQLAlchemy, columns, keys and indexes", 0.5, everything, peer,
        ),
        limited("memory for that", 250, "MB", most),
        *a_million_rows(options.rowcell),
        compared("first Rust cell, with `db`; peer: evcxr alone, its start and `1 + 1`", 1.5, *first),
        compared("warm Rust cell; peer: evcxr alone", 1.1, *warm),
        limited("what a query adds to a warm Rust cell", 50, "ms", more),
        compared("1,000,000 rows read in a Rust cell; peer: tokio-postgres alone", 2, *iterated),
        limited("most memory resident meanwhile, of the kernel or the cells", 64, "MB", megabytes),
    ]
    table = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    options.to.write_text(f"# Rowcell beside its peers\n\n{table}")
    print(table)


def compared(what, goal, ours, peer):
    ratio = ours / peer
    met = "" if ratio <= goal else " **missed**"
    return what, f"ratio ≤ {goal}", f"{ours:.2f} ms", f"{peer:.2f} ms", f"{ratio:.2f}{met}"


def limited(what, goal, unit, ours, peer=None):
    met = "" if ours <= goal else " **missed**"
    beside = (f"{peer:.0f} {unit}", f"{ours / peer:.2f}") if peer else ("", "")
    return what, f"≤ {goal} {unit}", f"{ours:.1f} {unit}{met}", *beside


def alternately(times, ours, peer):
    """The medians of two measures, taken in turns so that both see the same machine."""
    pairs = [(ours(), peer()) for _ in range(times)]
    return [statistics.median(side) for side in zip(*pairs, strict=True)]


def first_reply(command):
    """Milliseconds from spawning a kernel to its reply to a request sent at once."""
    with spawned(command) as (_, shell, began):
        shell.request("kernel_info_request", {})
        return (time.perf_counter() - began) * 1000


def first_select(command):
    """Milliseconds from spawning a kernel to the end of its first `select`."""
    with spawned(command) as (_, shell, began):
        reply = shell.request("execute_request", {"code": "select 1 as one"})
        assert reply["status"] == "ok", reply
        return (time.perf_counter() - began) * 1000


def resident(command):
    """Megabytes of memory of a kernel that has answered once and waits, its children included."""
    with spawned(command) as (process, shell, _):
        shell.request("kernel_info_request", {})
        time.sleep(2)
        processes = family(psutil.Process(process.pid))
        return sum(process.memory_info().rss for process in processes) / 2**20


def in_rust(program):
    """What rust_cells measures."""
    with test_server.running() as server, installed(program):
        return rust_cells.measures(program, server)


def inspect(program):
    """Reading all of a large database: our median time and largest memory, SQLAlchemy's time."""
    with test_server.running() as server:
        url = structure.make(server)
        pairs = [(structure.ours(program, url), structure.sqlalchemys(url)) for _ in range(READINGS)]
    ours, peer = zip(*pairs, strict=True)
    times, sizes = zip(*ours, strict=True)
    return statistics.median(times), max(sizes), statistics.median(peer)


class Shell:
    """A shell socket that retries every 5 ms: ZeroMQ's own 100 ms would hide the difference."""

    def __init__(self, context, connection):
        self.session = Session(key=connection["key"].encode())
        self.socket = context.socket(zmq.DEALER)
        self.socket.setsockopt(zmq.RECONNECT_IVL, 5)
        self.socket.connect(f"tcp://{connection['ip']}:{connection['shell_port']}")

    def request(self, kind, content):
        self.session.send(self.socket, kind, content)
        assert self.socket.poll(30_000), f"no answer to {kind}"
        _, reply = self.session.recv(self.socket, mode=0)
        return reply["content"]


@contextmanager
def spawned(command):
    """A kernel as a front end starts one: the process, its shell, the moment of the start."""
    with tempfile.TemporaryDirectory() as folder, zmq.Context() as context:
        file, _ = write_connection_file(f"{folder}/connection.json")
        began = time.perf_counter()
        process = subprocess.Popen([*command, file], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)  # fmt: skip
        shell = Shell(context, json.loads(Path(file).read_text()))
        try:
            yield process, shell, began
        finally:
            shell.socket.close(linger=0)
            process.terminate()
            process.wait(timeout=10)


def select_one(rowcell):
    """The median milliseconds from request to idle of `select 1`: ours and JupySQL's."""
    with test_server.running() as server, installed(rowcell):
        ours, peer = Kernel(), Kernel(name="python3")
        try:
            ours.check(f"%connect {server.url()}\nselect 1")
            peer.check(f"%load_ext sql\n%sql {server.url().replace(':', '+psycopg2:', 1)}")
            for _ in range(20):
                to_idle(ours, "select 1"), to_idle(peer, "%sql select 1")
            return alternately(
                QUERIES, lambda: to_idle(ours, "select 1"), lambda: to_idle(peer, "%sql select 1")
            )
        finally:
            ours.close()
            peer.close()


def a_million_rows(rowcell):
    """A million rows of six columns: into files and back, shown, and looked through."""
    with test_server.running() as server, installed(rowcell):
        kernel = Kernel()
        try:
            kernel.check(f"%connect {server.url()}\nselect 1")
            csv, parquet, megabytes, back = files.measures(server, kernel, alternately, to_idle)
        finally:
            kernel.close()
        # Another one: what a process has once had it may keep.
        kernel = Kernel()
        try:
            kernel.check(f"%connect {server.url()}\nselect 1")
            all_rows, most, most_of_many = shown.measures(server, kernel, alternately, to_idle)
            page, order = shown.grid(kernel)
        finally:
            kernel.close()
    return [
        compared("1,000,000 rows shown; peer: psql's `\\copy` to nowhere", 1.3, *all_rows),
        limited("most memory resident meanwhile", 64, "MB", most),
        limited("the same with 20,000,000 rows", 64, "MB", most_of_many),
        limited("a page of the grid at row 900,000", 20, "ms", page),
        limited("the first page of a new order of all rows", 2000, "ms", order),
        compared("1,000,000 rows to CSV; peer: psql's `\\copy`", 0.9, *csv),
        compared("to Parquet, zstd; peer: connectorx and pyarrow", 0.7, *parquet),
        limited("most memory resident meanwhile; the same peer", 100, "MB", *megabytes),
        compared("CSV into a new table; peer: psql's `\\copy from`", 1.2, *back),
    ]


@contextmanager
def installed(rowcell):
    """The kernel where Jupyter finds it."""
    with tempfile.TemporaryDirectory() as prefix:
        subprocess.run(
            [rowcell, "install", "--prefix", prefix], check=True, stdout=subprocess.DEVNULL
        )
        os.environ["JUPYTER_PATH"] = f"{prefix}/share/jupyter"
        yield


def to_idle(kernel, code):
    """Milliseconds from sending a cell to its idle."""
    began = time.perf_counter()
    request = kernel.client.execute(code)
    while True:
        message = kernel.client.get_iopub_msg(timeout=120)
        assert message["msg_type"] != "error", message["content"]
        if message["parent_header"].get("msg_id") != request:
            continue
        if message["content"].get("execution_state") == "idle":
            taken = (time.perf_counter() - began) * 1000
            kernel.client.get_shell_msg(timeout=10)
            return taken


if __name__ == "__main__":
    main()
