"""Interrupt: the statement ends on the server, the session stays, and what was lost is said."""

import time

SLEEP = "select pg_sleep(60)"


def test_a_real_server_cancels_and_keeps_the_session(remote, server):
    remote.check("create temp table kept as select 7 as n")
    running = remote.send(SLEEP)
    wait_for_sleep(server)
    began = time.monotonic()
    remote.interrupt()
    answer = remote.answer(running)
    assert answer.error["ename"] == "57014 query_canceled"
    assert time.monotonic() - began < 2
    assert remote.value("select n from kept") == "7"
    assert sleeping(server) == 0


def test_the_next_statement_is_never_hit(remote, server):
    for n in range(20):
        running = remote.send("select pg_sleep(0.02)")
        time.sleep(0.002 * n)
        remote.interrupt()
        remote.answer(running)
        assert remote.value(f"select {n}") == str(n)


def test_an_open_transaction_outlives_an_interrupt(remote, server):
    remote.check("begin; create temp table t (n int); savepoint here")
    running = remote.send(SLEEP)
    wait_for_sleep(server)
    remote.interrupt()
    assert remote.answer(running).error
    remote.check("rollback to here; insert into t values (1); commit")
    assert remote.value("select count(*) from t") == "1"


def test_the_embedded_database_starts_again_and_says_what_was_lost(kernel):
    kernel.check("create table kept as select 7 as n; create temp table gone as select 1")
    running = kernel.send(SLEEP)
    time.sleep(0.5)
    began = time.monotonic()
    kernel.interrupt()
    answer = kernel.answer(running)
    assert answer.error
    assert time.monotonic() - began < 5
    assert "temporary tables" in (answer.stderr + "\n".join(answer.error["traceback"]))
    assert kernel.value("select n from kept") == "7"


UPDATE = """update clicked set a = a + 100 where (select true from pg_sleep(0.15))
and pg_sleep(0.15) is not null"""


def double_clicks(kernel):
    """Interrupts a slow update twice, so far apart; what each answered."""
    kernel.check("create table clicked as select a from generate_series(1, 20) as a")
    for gap in [0, 0.005, 0.05, 0.2, 0.7, 1]:
        running = kernel.send(UPDATE)
        time.sleep(0.3)
        kernel.interrupt()
        time.sleep(gap)
        kernel.interrupt()
        answer = kernel.answer(running, timeout=20)
        assert answer.error["ename"].startswith("57014"), gap
        assert kernel.value("select sum(a) from clicked") == "210", gap
        yield answer
    kernel.check("drop table clicked")


def test_a_double_click_keeps_the_session(remote):
    remote.check("create temp table kept as select 7 as n")
    for answer in double_clicks(remote):
        assert answer.error["evalue"] == "canceling statement due to user request"
        assert remote.value("select n from kept") == "7"


def test_a_double_click_on_the_embedded_database_says_what_was_lost(kernel):
    for answer in double_clicks(kernel):
        assert "temporary tables" in "\n".join(answer.error["traceback"])


def test_queued_cells_do_not_run_after_an_interrupt(remote, server):
    running = remote.send(SLEEP)
    queued = remote.send("select 1")
    wait_for_sleep(server)
    remote.interrupt()
    assert remote.answer(running).error
    assert remote.answer(queued).reply["status"] == "aborted"


def test_an_idle_kernel_takes_no_harm(kernel):
    kernel.interrupt()
    assert kernel.value("select 1") == "1"
    kernel.interrupt()
    assert kernel.value("select 2") == "2"


def test_a_large_result_can_be_interrupted(remote, server):
    running = remote.send("select repeat('x', 1000) from generate_series(1, 100000000)")
    time.sleep(0.5)
    remote.interrupt()
    assert remote.answer(running, timeout=20).error["ename"] == "57014 query_canceled"
    assert remote.value("select 1") == "1"


def test_a_watch_ends_with_an_interrupt(remote):
    running = remote.send(r"select 1 \watch i=0.1")
    time.sleep(0.5)
    remote.interrupt()
    remote.answer(running, timeout=10)
    assert remote.value("select 1") == "1"


def test_a_prompt_ends_with_an_interrupt(start, server):
    kernel = start()
    running = kernel.client.execute(
        f"%connect {server.url(password=False)}\nselect 1", allow_stdin=True
    )
    kernel.client.get_stdin_msg(timeout=10)
    kernel.interrupt()
    assert kernel.answer(running, timeout=10).error
    kernel.check("%connect local")
    assert kernel.value("select 1") == "1"


def sleeping(server):
    count = "select count(*) from pg_stat_activity where state = 'active' and query = %s"
    return server.ask(count, SLEEP)[0][0]


def wait_for_sleep(server, timeout=10):
    deadline = time.monotonic() + timeout
    while sleeping(server) == 0:
        assert time.monotonic() < deadline
        time.sleep(0.02)
