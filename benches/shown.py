"""Results shown and looked through: a table of a million rows beside psql, and the grid over it."""

import statistics
import time

from files import forget_peak, peak, process_of, psql

ROUNDS = 5
SELECT = "select * from million"
# Twenty times as many, made as they are read.
MANY = """select i::bigint as id, 'name of ' || i as name, sqrt(i) as score,
timestamptz '2020-01-01' + i * interval '1 second' as at, i % 3 = 0 as flag,
(i * 1.01)::numeric(12,2) as amount from generate_series(1, 20000000) i"""
PAGES, SORTS = 20, 3


def measures(server, kernel, alternately, to_idle):
    """Milliseconds of ours and of psql for all rows shown; the most megabytes meanwhile, and for
    twenty times the rows."""
    nowhere = f"\\copy ({SELECT}) to '/dev/null'"
    forget_peak(process_of(kernel))
    shown = alternately(ROUNDS, lambda: to_idle(kernel, SELECT), lambda: psql(server, nowhere))
    megabytes = peak(process_of(kernel))
    forget_peak(process_of(kernel))
    to_idle(kernel, MANY)
    return shown, megabytes, peak(process_of(kernel))


def grid(kernel):
    """Milliseconds for a page of the grid at row 900,000, and for the first page of a new order, by
    a number and by a text."""
    send(kernel, "comm_open", comm_id="control", target_name="jupyter.widget.control", data={})
    request = kernel.client.execute(SELECT)
    comm = None
    while True:
        message = kernel.client.get_iopub_msg(timeout=60)
        if message["msg_type"] == "comm_open":
            comm = message["content"]["comm_id"]
        if message["parent_header"].get("msg_id") == request:
            if message["content"].get("execution_state") == "idle":
                break
    kernel.client.get_shell_msg(timeout=10)
    pages = [ask(kernel, comm, at, None) for at in range(900_000, 900_000 + PAGES * 100, 100)]
    sorts = [
        ask(kernel, comm, 0, {"column": column, "descending": number % 2 == 0})
        for number in range(SORTS)
        for column in (5, 1)
    ]
    return statistics.median(pages), max(sorts)


def ask(kernel, comm, at, sort):
    """Milliseconds until a page has come."""
    view = {"sort": sort, "filters": [], "search": ""}
    content = {"kind": "page", "generation": 0, "from": at, "count": 100, "view": view}
    began = time.perf_counter()
    send(kernel, "comm_msg", comm_id=comm, data={"method": "custom", "content": content})
    while True:
        message = kernel.client.get_iopub_msg(timeout=60)
        if message["msg_type"] == "comm_msg":
            assert message["content"]["data"]["content"]["kind"] == "page", message["content"]
            return (time.perf_counter() - began) * 1000


def send(kernel, kind, **content):
    client = kernel.client
    client.shell_channel.send(client.session.msg(kind, content))
