"""The search for passwords that goes through all of these tests finds one where it is let out."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.secrets import SECRETS

WORD = "hunter2-of-the-test-run"


@pytest.fixture(autouse=True)
def known():
    SECRETS.add(WORD)
    yield
    SECRETS.words.discard(WORD.encode())


def test_in_messages(kernel):
    kernel.check(f"select '{WORD}' as leak")
    assert "a message: execute_result" in SECRETS.take()
    kernel.run(f"select {WORD!r}::int")
    found = SECRETS.take()
    assert "a message: error" in found and "a message: execute_reply" in found
    # The history is right to keep this cell: nothing in it says that it holds a password.
    history = kernel.client.history(hist_access_type="tail", n=2)
    kernel.shell_reply(history)
    assert SECRETS.take() == ["a message: history_reply"]


def test_in_the_echo_of_a_cell_it_is_right(kernel):
    answer = kernel.check(f"%connect host=localhost user=ada password={WORD}")
    assert WORD in repr(answer.messages)
    assert SECRETS.take() == []


def test_in_files(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/file").write_text(f"password={WORD}")
    (tmp_path / "other").write_text("nothing")
    SECRETS.search_folder(tmp_path)
    assert SECRETS.take() == [str(tmp_path / "deep/file")]


def test_in_a_program_that_was_started(tmp_path):
    with (tmp_path / "open").open("w+") as file:
        file.write(WORD)
        file.flush()
        os.unlink(file.name)
        sleep = ["sleep", "60"]
        child = subprocess.Popen([*sleep], env={**os.environ, "SECRET": WORD})
        line = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", WORD])
        try:
            SECRETS.search_process(os.getpid())
        finally:
            for process in (child, line):
                process.kill()
                process.wait()
    found = SECRETS.take()
    assert "an environment" in found and "a command line" in found
    assert any(place.startswith(f"/proc/{os.getpid()}/fd/") for place in found)
    assert not Path(file.name).exists()
