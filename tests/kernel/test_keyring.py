"""Passwords from the system's keyrings: the kernel's, the desktop's, and where there is none."""

import subprocess

import pytest
from support import desktop

WHO = "select current_user as me"


@pytest.fixture
def connect(server):
    """The line that connects with the keyring of a service."""
    return lambda service, more="": (
        f"%connect host=localhost port={server.port} dbname=postgres user={server.user} "
        f"password_keyring={service} passfile=/nowhere {more}"
    )


def test_from_the_kernels_keyring(start, server, connect):
    key = f"rowcell-test:{server.user}"
    keyctl("padd", "user", key, "@u", given=server.password)
    try:
        kernel = start({"DBUS_SESSION_BUS_ADDRESS": ""})
        kernel.check(connect("rowcell-test"))
        assert kernel.value(WHO) == server.user
    finally:
        keyctl("unlink", keyctl("search", "@u", "user", key), "@u")


def test_from_the_desktops_keyring(start, server, connect, tmp_path):
    with desktop.keyring(tmp_path) as environment:
        desktop.store(environment, "sales", server.user, server.password)
        kernel = start(environment)
        kernel.check(connect("sales"))
        assert kernel.value(WHO) == server.user
        # Another name is another password: what is missing is said, and asked for.
        kernel.check(connect("wages"))
        answer = kernel.run(WHO, inputs=[server.password])
        assert answer.reply["status"] == "ok", answer.reply
        prompt = kernel.asked[0]["prompt"]
        assert f"no password of {server.user} for wages" in prompt
        assert "the desktop's has none" in prompt


def test_where_there_is_no_keyring_the_next_source_is_taken(start, server, connect, tmp_path):
    nowhere = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"}
    kernel = start(nowhere | {"ROWCELL_ALLOW": "programs"})
    kernel.check(connect("sales"))
    error = kernel.run(WHO).error
    assert f"the kernel has no key sales:{server.user}" in error["evalue"]
    assert "secret-tool: " in error["evalue"], error["evalue"]
    file = tmp_path / "password"
    file.write_text(server.password + "\n")
    kernel.check(connect("sales", f"password_command='cat {file}'"))
    assert kernel.value(WHO) == server.user


def keyctl(*arguments, given=None):
    """The tool that the documentation names."""
    ended = subprocess.run(["keyctl", *arguments], input=given, text=True, capture_output=True)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()
