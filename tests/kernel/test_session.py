"""One notebook is one session: what cells share, in what order answers come, and bad input."""

import re
import time

import pytest


def test_a_transaction_spans_cells(remote, server):
    server.ask("create table spans (n int)")
    remote.check("begin")
    remote.check("insert into spans values (1)")
    assert server.ask("select count(*) from spans") == [(0,)]
    remote.check("insert into spans values (2)")
    assert remote.value("select count(*) from spans") == "2"
    remote.check("commit")
    assert server.ask("select count(*) from spans") == [(2,)]


def test_settings_and_temporary_tables_last(kernel):
    kernel.check("set datestyle to 'German'; create temp table kept as select 7 as n")
    assert kernel.value("select date '2025-03-01'") == "01.03.2025"
    assert kernel.value("select n from kept") == "7"


def test_outputs_come_in_the_order_of_the_server(kernel):
    kernel.check("select 1")  # the first cell also says which database it talks to
    answer = kernel.check(
        """create temp table t (n int);
        insert into t values (1), (2), (3);
        do $$ begin raise notice 'one'; raise warning 'two'; end $$;
        select n from t order by n;
        drop table if exists absent;
        select 'last' as word"""
    )
    story = [
        (kind, content.get("text") or content["data"]["text/plain"])
        for kind, content in answer.outputs
    ]
    assert story == [
        ("stream", "CREATE TABLE\nINSERT 0 3\n"),
        ("stream", "NOTICE:  one\nWARNING:  two\n"),
        ("stream", "DO\n"),
        ("display_data", " n \n---\n 1\n 2\n 3\n(3 rows)"),
        ("stream", 'NOTICE:  table "absent" does not exist, skipping\n'),
        ("stream", "DROP TABLE\n"),
        ("execute_result", " word \n------\n last\n(1 row)"),
    ]


def test_rows_of_any_statement_are_shown(kernel):
    kernel.check("create temp table t (n int)")
    answer = kernel.check(
        "with a as (select 1) table a; values (2); insert into t values (3) returning n;"
        "explain (costs off) select 4; show server_encoding; prepare p as select 5; execute p"
    )
    firsts = [text.splitlines()[2].strip() for text in answer.texts]
    assert firsts == ["1", "2", "3", "Result", "UTF8", "5"]


def test_an_error_is_one_message_that_says_where(kernel):
    error = kernel.run("select 1;\nselect *\nfrom nowhere").error
    assert error["ename"] == "42P01 undefined_table"
    assert error["evalue"] == 'relation "nowhere" does not exist'
    shown = plain(error["traceback"])
    assert 'ERROR:  relation "nowhere" does not exist' in shown
    line = next(line for line in shown if line.startswith("LINE 3: "))
    caret = shown[shown.index(line) + 1]
    assert line[caret.index("^") :].startswith("nowhere")


def test_an_error_tells_detail_hint_and_context(kernel):
    kernel.check("create table one (n int primary key); insert into one values (1)")
    error = kernel.run("insert into one values (1)").error
    assert error["ename"] == "23505 unique_violation"
    assert "DETAIL:  Key (n)=(1) already exists." in plain(error["traceback"])
    error = kernel.run("select m.no from one").error
    assert error["ename"] == "42P01 undefined_table"
    error = kernel.run("do $$ begin raise 'away' using hint = 'stay'; end $$").error
    shown = plain(error["traceback"])
    assert "HINT:  stay" in shown
    assert any(line.startswith("CONTEXT:  PL/pgSQL function inline_code_block") for line in shown)


def test_a_cell_stops_at_its_first_error(kernel):
    kernel.check("create temp table t (n int)")
    answer = kernel.run("insert into t values (1); select 1/0; insert into t values (2)")
    assert answer.error["ename"] == "22012 division_by_zero"
    assert kernel.value("select count(*) from t") == "1"


def test_a_failed_transaction_says_how_to_go_on(kernel):
    kernel.check("begin")
    kernel.run("select 1/0")
    error = kernel.run("select 1").error
    assert error["ename"] == "25P02 in_failed_sql_transaction"
    assert any("rollback" in line.lower() for line in plain(error["traceback"]))
    kernel.check("rollback")
    assert kernel.value("select 1") == "1"


def test_queued_cells_are_aborted_after_an_error(kernel):
    requests = [kernel.send(code) for code in ("select pg_sleep(0.3); select 1/0", "select 2")]
    first, second = (kernel.answer(request) for request in requests)
    assert first.error["ename"] == "22012 division_by_zero"
    assert second.reply["status"] == "aborted"
    assert second.outputs == []
    assert kernel.value("select 3") == "3"


def test_copy_both_ways(kernel):
    kernel.check("create temp table t (n int, word text)")
    answer = kernel.check("copy t from stdin;\n1\tone\n2\t\\N\n\\.\ncopy t to stdout with csv")
    assert answer.stdout == "COPY 2\n1,one\n2,\n" or answer.stdout == "COPY 2\n1,one\n2,\nCOPY 2\n"
    assert kernel.run("copy t from stdin;\nnot a number\tx\n\\.").error["ename"].startswith("22P02")
    assert kernel.value("select count(*) from t") == "2"


def test_a_large_cell(kernel):
    text = "x" * 5_000_000
    assert kernel.value(f"select length('{text}')") == "5000000"


def test_ten_thousand_statements(kernel):
    kernel.check("create temp table t (n int)")
    kernel.check("\n".join(f"insert into t values ({n});" for n in range(10_000)))
    assert kernel.value("select count(*) from t") == "10000"


def test_a_large_result_is_cut_and_counted(kernel):
    answer = kernel.check("select n from generate_series(1, 1000000) as n")
    assert answer.texts[-1].rstrip().endswith("(100 of 1000000 rows shown)")
    assert len(answer.texts[-1].splitlines()) == 103
    assert kernel.process.memory_info().rss < 200 * 2**20


@pytest.mark.parametrize(
    "code", ["select 'a\0b'", "select 'never closed", "do $$ begin", "\0", "select (1"]
)
def test_what_cannot_be_run_is_an_error_and_the_next_cell_works(kernel, code):
    assert kernel.run(code).error
    assert kernel.value("select 1") == "1"


@pytest.mark.parametrize("code", ["", "   \n\n", "-- nothing here", "/* nor */ -- here", ";;"])
def test_nothing_to_run_is_no_error(kernel, code):
    assert kernel.check(code).outputs == []


def test_silent_runs_and_the_count(kernel):
    assert kernel.check("select 1").reply["execution_count"] == 1
    answer = kernel.check("select 2", silent=True)
    assert answer.messages == [answer.messages[0], answer.messages[-1]]  # busy and idle alone
    assert kernel.check("select 3", store_history=False).reply["execution_count"] == 1
    assert kernel.check("select 4").reply["execution_count"] == 2


def test_completion_answers_while_a_statement_runs(remote):
    running = remote.send("select pg_sleep(2)")
    remote.until(running, "execute_input")
    reply = remote.shell_reply(remote.client.complete("selec"), timeout=1)
    assert reply["matches"] == ["select"]
    remote.answer(running)


def test_connections_are_listed_while_a_statement_runs(remote):
    remote.check("select 1")
    remote.check("%connect local as aside\n%use postgres")
    running = remote.send("select pg_sleep(2)")
    remote.until(running, "execute_input")
    time.sleep(0.5)
    reply = remote.shell_reply(remote.client.inspect("%connections", 5), timeout=1)
    lines = reply["data"]["text/plain"].splitlines()
    states = {line.split("|")[1].strip(): line.split("|")[3].strip() for line in lines[2:4]}
    assert states == {"postgres": "running for 0 s", "aside": "not open"}
    remote.answer(running)
    assert "open, PostgreSQL" in remote.check("%connections").texts[-1]


def test_a_password_is_asked_for_and_hidden(start, server):
    kernel = start()
    answer = kernel.run(
        f"%connect {server.url(password=False)}\nselect 1 as one", inputs=[server.password]
    )
    assert answer.reply["status"] == "ok", answer.reply
    assert [request["password"] for request in kernel.asked] == [True]
    assert server.user in kernel.asked[0]["prompt"]
    assert server.password not in repr(answer.messages)
    assert kernel.value("select current_user") == server.user


def test_a_wrong_password_is_an_error(start, server):
    kernel = start()
    answer = kernel.run(f"%connect {server.url(password=False)}\nselect 1", inputs=["wrong"])
    assert answer.error["ename"] == "28P01 invalid_password"
    assert "wrong" not in repr(answer.messages).replace("wrong password", "")


def test_an_embedded_and_a_real_database_side_by_side(kernel, server):
    kernel.check("create table here as select 'embedded' as place")
    kernel.check(f"%connect {server.url()} as far")
    assert kernel.value("select count(*) from pg_class where relname = 'here'") == "0"
    kernel.check("%use local")
    assert kernel.value("select place from here") == "embedded"
    kernel.check("%disconnect far")
    assert "far" not in "".join(kernel.check("%connections").texts)


def test_a_server_that_goes_is_an_error_and_comes_back(remote, server):
    remote.check("create temp table lost as select 1")
    pid = remote.value("select pg_backend_pid()")
    running = remote.send("select pg_sleep(30)")
    remote.until(running, "execute_input")
    server.ask("select pg_sleep(0.3), pg_terminate_backend(%s)", pid)
    assert remote.answer(running, timeout=20).error
    assert remote.value("select 1") == "1"


def plain(traceback):
    """The lines of a traceback without their colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(traceback)).splitlines()
