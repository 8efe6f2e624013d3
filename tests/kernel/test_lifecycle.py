"""How a kernel starts and ends, asked to or not; no process and no folder is left behind."""

import os
import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest
from jupyter_client.connect import write_connection_file
from support.kernel import family, wait_gone


def test_shutdown_ends_everything(start):
    kernel = start()
    kernel.check("select 1")
    processes = family(kernel.process)
    assert len(processes) > 1, "the embedded database runs in a process of its own"
    kernel.client.shutdown()
    wait_gone(processes)


def test_restart_is_a_new_session(start):
    kernel = start()
    kernel.check("create table t (n int)")
    before = family(kernel.process)
    kernel.manager.restart_kernel(now=False)
    kernel.client.wait_for_ready(timeout=30)
    wait_gone(before)
    assert kernel.run("select * from t").error["ename"] == "42P01 undefined_table"
    assert kernel.check("select 1").reply["execution_count"] == 2


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_a_signal_ends_everything(start, end):
    kernel = start()
    running = kernel.send("select count(*) from generate_series(1, 1000000000)")
    kernel.until(running, "execute_input")
    time.sleep(1.5)
    processes = family(kernel.process)
    assert len(processes) > 1
    kernel.process.send_signal(end)
    wait_gone(processes)


def test_nothing_is_left_in_the_temporary_folder(start, tmp_path):
    kernel = start({"TMPDIR": str(tmp_path)})
    kernel.check("select 1")
    kernel.close()
    assert list(tmp_path.iterdir()) == []


def test_a_killed_kernel_leaves_its_folder_usable(start, tmp_path):
    kernel = start()
    kernel.check(f"%connect local {tmp_path}/data\ncreate table t as select 7 as n")
    running = kernel.send("select pg_sleep(60)")
    kernel.until(running, "execute_input")
    time.sleep(0.3)
    processes = family(kernel.process)
    kernel.process.kill()
    wait_gone(processes)
    again = start()
    again.check(f"%connect local {tmp_path}/data")
    assert again.value("select n from t") == "7"


def test_a_folder_in_use_is_an_error(start, tmp_path):
    first, second = start(), start()
    first.check(f"%connect local {tmp_path}/data\nselect 1")
    error = second.run(f"%connect local {tmp_path}/data\nselect 1").error
    assert "in use" in error["evalue"], error
    assert first.value("select 1") == "1"


def test_sigint_is_ignored(kernel):
    kernel.check("select 1")
    for process in family(kernel.process):
        process.send_signal(signal.SIGINT)
    assert kernel.value("select 2") == "2"


def test_a_kernel_ends_with_its_parent(kernelspec, tmp_path):
    """A front end that is killed cannot shut its kernels down."""
    script = tmp_path / "parent.py"
    script.write_text(
        "import time\nfrom support.kernel import Kernel, family\n"
        "kernel = Kernel()\nkernel.check('select 1')\n"
        "print(*[process.pid for process in family(kernel.process)], flush=True)\n"
        "time.sleep(60)\n"
    )
    path = os.path.dirname(os.path.dirname(__file__))
    parent = subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}
    )
    processes = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
    assert len(processes) > 1
    parent.kill()
    parent.wait()
    wait_gone(processes, timeout=15)


def test_a_missing_connection_file(rowcell, tmp_path):
    complains(rowcell, tmp_path / "absent.json", "absent.json")


def test_an_unreadable_connection_file(rowcell, tmp_path):
    complains(rowcell, tmp_path, str(tmp_path))


@pytest.mark.parametrize("text", ["", "garbage", "[]", "{}", '{"ip": 5}', "\0\xff"])
def test_a_connection_file_of_garbage(rowcell, tmp_path, text):
    file = tmp_path / "connection.json"
    file.write_text(text)
    complains(rowcell, file, "connection.json")


def test_a_used_port(rowcell, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        file = str(tmp_path / "connection.json")
        write_connection_file(file, shell_port=port)
        complains(rowcell, file, str(port))


def test_a_message_signed_with_another_key_is_dropped(kernel, searched):
    told = len(searched.read_text())
    client = kernel.client
    right = client.session.key
    client.session.key = b"another key"
    client.kernel_info()
    client.execute("create table forged (n int)")
    client.session.key = right
    assert kernel.value("select count(*) from pg_class where relname = 'forged'") == "0"
    assert searched.read_text()[told:].count("a message is dropped: ") == 1, "said once"


def complains(rowcell, file, word):
    """The kernel says what is wrong with the file and does not start."""
    ended = subprocess.run([rowcell, "kernel", file], capture_output=True, text=True, timeout=20)
    assert ended.returncode == 1, ended
    assert word in ended.stderr, ended.stderr
    assert "panicked" not in ended.stderr
    assert len(ended.stderr.splitlines()) <= 3, ended.stderr
