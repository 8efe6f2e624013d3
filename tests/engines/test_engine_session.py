"""Connections to an engine that only resembles PostgreSQL, and how they end."""

import time

from engines.conftest import PASSWORD


def test_a_password_is_asked_for(start, guarded):
    kernel = start({"DATABASE_URL": guarded.url})
    assert kernel.check("select 1 as one", inputs=[PASSWORD]).texts[-1].endswith("(1 row)")
    assert len(kernel.asked) == 1 and kernel.asked[0]["password"]
    assert "people" in kernel.check("%tables").texts[-1]


def test_a_password_of_the_environment_is_used(start, guarded):
    kernel = start({"DATABASE_URL": guarded.url, "PGPASSWORD": PASSWORD})
    assert "people" in kernel.check("%tables").texts[-1]


def test_a_wrong_password_is_said(start, guarded):
    kernel = start({"DATABASE_URL": guarded.url, "PGPASSWORD": "wrong"})
    error = kernel.run("select 1").error
    assert "Invalid password" in error["evalue"]


def test_a_long_query_is_interrupted(duck):
    of = "from range(10000000) a, range(10000000) b where a.range % 7 = b.range % 11"
    request = duck.send(f"select count(*) {of}")
    duck.until(request, "status")
    time.sleep(1)
    duck.interrupt()
    # The engine hears nothing while it computes; the second one is for that.
    time.sleep(2)
    duck.interrupt()
    assert duck.answer(request).error["ename"].startswith("57014")
    assert duck.check("select 1 as one").texts[-1].endswith("(1 row)")
    assert "people" in duck.check("%tables").texts[-1]


def test_what_else_one_does_first(duck):
    answer = duck.run("select 1 as a; select nme from people; select 3 as c")
    assert len(answer.texts) == 1 and "nme" in answer.error["evalue"]
    assert duck.value("prepare p as select 7 as seven; execute p") == "7"
    assert "listen" in duck.run("listen x").error["evalue"]
    assert 'database "memory"' in duck.check(r"\conninfo").stdout
    duck.check("%%sql --as kept\nselect name, v from people order by id")
    assert duck.check("%chart bar x=name y=v from kept").texts
