"""What helps while typing: completion and inspection from the catalog, and the history."""

import time

import pytest

COFFEE = """create table coffee (name text, price numeric);
    comment on table coffee is 'Good';
    create table "Tea Time" (n int)"""


@pytest.fixture
def stocked(kernel):
    """A kernel that has seen its catalog: it is read aside, soon after it has changed."""
    kernel.check(COFFEE)
    deadline = time.monotonic() + 10
    while "coffee" not in matches(kernel, "select * from cof"):
        assert time.monotonic() < deadline
    return kernel


def test_completion_knows_relations_and_columns(stocked):
    assert matches(stocked, "select c.pr| from coffee c") == ["price"]
    assert '"Tea Time"' in matches(stocked, "select * from ")


def test_completion_counts_code_points(stocked):
    reply = complete(stocked, "select '😀é茶', pri| from coffee")
    assert reply["matches"][0] == "price"
    assert (reply["cursor_start"], reply["cursor_end"]) == (14, 17)


def test_completion_of_commands(kernel):
    assert r"\dt" in matches(kernel, r"\d")
    assert set(matches(kernel, "%conn")) == {"%connect", "%connections"}


def test_inspection_describes_a_table(stocked):
    text = inspect(stocked, "select * from cof|fee")
    for word in ("coffee", "name", "price", "numeric", "Good"):
        assert word in text


def test_inspection_finds_nothing_in_nothing(kernel):
    request = kernel.client.inspect("   ", 1)
    reply = kernel.shell_reply(request)
    assert (reply["status"], reply["found"], reply["data"]) == ("ok", False, {})


def test_history_outlives_the_kernel_but_keeps_no_password(start):
    first = start()
    first.check("select 'remember me'")
    first.run("%connect postgresql://ada:lovelace@localhost:1/nowhere")
    first.close()
    second = start()
    request = second.client.history(hist_access_type="tail", n=20, raw=True, output=False)
    inputs = [text for _, _, text in second.shell_reply(request)["history"]]
    assert "select 'remember me'" in inputs
    assert not any("lovelace" in text for text in inputs)


def matches(kernel, text):
    return complete(kernel, text)["matches"]


def complete(kernel, text):
    """Completes at the `|`, or at the end."""
    code, cursor = at_bar(text)
    return kernel.shell_reply(kernel.client.complete(code, cursor))


def inspect(kernel, text):
    code, cursor = at_bar(text)
    reply = kernel.shell_reply(kernel.client.inspect(code, cursor))
    assert reply["found"], reply
    return reply["data"]["text/plain"]


def at_bar(text):
    before, _, after = text.partition("|")
    return before + after, len(before)
