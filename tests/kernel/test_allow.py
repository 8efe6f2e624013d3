"""`--allow`: what cells may do beside asking a server, which nothing in a notebook can allow."""

import json
import subprocess

import pytest


@pytest.fixture
def connect(server, tmp_path):
    """A cell that starts a program, which leaves a file, and a statement."""
    command = f"touch {tmp_path}/ran; echo {server.password}"
    keywords = f"host=localhost port={server.port} dbname=postgres user={server.user}"
    return f"%connect {keywords} password_command='{command}'\nselect 1 as one"


def run(rowcell, file, *options, **more):
    command = [rowcell, "run", file, *options]
    return subprocess.run(command, capture_output=True, text=True, **more)


def test_a_script_starts_no_program_without_leave(rowcell, connect, tmp_path):
    file = tmp_path / "script.sql"
    file.write_text(connect)
    ended = run(rowcell, file)
    assert ended.returncode != 0
    assert "password_command would start a program" in ended.stderr
    assert "--allow programs" in ended.stderr
    assert not (tmp_path / "ran").exists()
    ended = run(rowcell, file, "--allow", "programs")
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "ran").exists()


def test_the_environment_may_allow(rowcell, connect, tmp_path, monkeypatch):
    file = tmp_path / "script.sql"
    file.write_text(connect)
    monkeypatch.setenv("ROWCELL_ALLOW", "programs")
    assert run(rowcell, file).returncode == 0
    monkeypatch.setenv("ROWCELL_ALLOW", "everything")
    ended = run(rowcell, file)
    assert ended.returncode != 0 and 'no "everything" to allow' in ended.stderr


def test_a_service_of_the_users_own_needs_no_leave(rowcell, server, tmp_path, monkeypatch):
    services = tmp_path / "services"
    services.write_text(
        f"[ours]\nhost=localhost\nport={server.port}\ndbname=postgres\nuser={server.user}\n"
        f"password_command=touch {tmp_path}/ran; echo {server.password}\n"
    )
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    file = tmp_path / "script.sql"
    file.write_text("%connect service=ours\nselect 1 as one")
    ended = run(rowcell, file)
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "ran").exists()
    # One that the cell adds to it is the cell's.
    file.write_text("%connect service=ours password_command='echo x'\nselect 1 as one")
    assert run(rowcell, file).returncode != 0


def test_only_what_there_is_can_be_allowed(rowcell, tmp_path):
    file = tmp_path / "script.sql"
    file.write_text("select 1")
    ended = run(rowcell, file, "--allow", "files")
    assert ended.returncode == 2 and "programs" in ended.stderr


def test_a_kernel_is_allowed_what_it_was_installed_with(rowcell, tmp_path):
    for options, expected in [((), []), (("--allow", "programs"), ["--allow=programs"])]:
        subprocess.run([rowcell, "install", "--prefix", tmp_path, *options], check=True)
        folder = tmp_path / "share/jupyter/kernels/rowcell"
        spec = json.loads((folder / "kernel.json").read_text())
        assert spec["argv"][1:] == ["kernel", *expected, "{connection_file}"]


def test_a_notebook_starts_no_program_without_leave(start, connect, tmp_path):
    kernel = start()
    error = kernel.run(connect).error
    assert "password_command would start a program" in error["evalue"]
    assert not (tmp_path / "ran").exists()
    kernel = start({"ROWCELL_ALLOW": "programs"})
    kernel.check(connect)
    assert (tmp_path / "ran").exists()
