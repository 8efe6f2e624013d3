"""Encryption (CurveZMQ) and strangers, with libzmq and Jupyter's own manager on the other side."""

import contextlib
import json
import os
import resource
import socket
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
import zmq
from jupyter_client import BlockingKernelClient
from jupyter_client.connect import write_connection_file
from jupyter_client.manager import KernelManager
from jupyter_client.session import Session
from nbclient import NotebookClient

KEY = b"a key"
CHANNELS = {"shell": zmq.DEALER, "control": zmq.DEALER, "stdin": zmq.DEALER, "iopub": zmq.SUB}


class Running:
    """A kernel that this test started without a manager, and what it said on standard error."""

    def __init__(self, rowcell, folder, limit=None, **options):
        self.file = str(folder / "connection.json")
        self.log = folder / "log"
        write_connection_file(self.file, key=KEY, **options)
        limited = None
        if limit:

            def limited():
                resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))

        with self.log.open("wb") as log:
            command = [rowcell, "kernel", self.file]
            self.process = subprocess.Popen(command, stderr=log, preexec_fn=limited)
        self.ports = json.loads(Path(self.file).read_text())

    def client(self):
        client = BlockingKernelClient(
            connection_file=self.file, context=zmq.Context.instance()
        )
        client.load_connection_file()
        client.start_channels()
        client.wait_for_ready(timeout=30)
        return client

    def answers(self):
        client = self.client()
        reply = client.execute_interactive(r"\echo here", timeout=30, output_hook=lambda _: None)
        assert reply["content"]["status"] == "ok"
        client.stop_channels()

    def connect(self, channel):
        return socket.create_connection(("127.0.0.1", self.ports[f"{channel}_port"]))

    def memory(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) >> 10

    def end(self):
        self.process.terminate()
        self.process.wait(timeout=10)


@pytest.fixture
def running(rowcell, home, tmp_path):
    """Starts kernels that end with the test."""
    kernels = []

    def running(**options):
        kernels.append(Running(rowcell, tmp_path, **options))
        return kernels[-1]

    yield running
    for kernel in kernels:
        kernel.end()


def subscriber(url, **keys):
    """Another program of this machine that wants to read along."""
    outsider = zmq.Context.instance().socket(zmq.SUB)
    outsider.linger = 0
    outsider.subscribe = b""
    for name, value in keys.items():
        setattr(outsider, name, value)
    outsider.connect(url)
    return outsider


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
@pytest.mark.parametrize("policy", ["auto", "required"])
def test_a_manager_that_encrypts(kernelspec, policy, transport):
    manager = KernelManager(
        kernel_name="rowcell", transport_encryption=policy, transport=transport
    )
    manager.start_kernel()
    assert manager.curve_publickey
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=30)
    public, _ = pair = zmq.curve_keypair()
    server = {"curve_serverkey": manager.curve_publickey}
    url = client._make_url("iopub")
    outsiders = [
        subscriber(url),
        subscriber(url, curve_publickey=public, curve_secretkey=pair[1], **server),
        subscriber(url, curve_publickey=public, curve_secretkey=pair[1], curve_serverkey=public),
    ]
    outputs = []
    reply = client.execute_interactive(r"\echo hello", output_hook=outputs.append, timeout=30)
    assert reply["content"]["status"] == "ok"
    assert "hello\n" in [output["content"].get("text") for output in outputs]
    assert client.hb_channel.is_beating()
    client.execute("select pg_sleep(60)")
    time.sleep(0.5)
    manager.interrupt_kernel()
    assert client.get_shell_msg(timeout=30)["content"]["status"] == "error"
    time.sleep(0.2)
    for outsider in outsiders:
        assert not outsider.poll(0), outsider.recv_multipart()
        outsider.close()
    manager.restart_kernel(now=True)
    client.wait_for_ready(timeout=30)
    reply = client.execute_interactive(r"\echo again", output_hook=lambda _: None, timeout=30)
    assert reply["content"]["status"] == "ok"
    client.stop_channels()
    manager.shutdown_kernel()


def test_nbclient_encrypts(kernelspec):
    cell = nbformat.v4.new_code_cell("select 'encrypted' as said")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    manager = KernelManager(kernel_name="rowcell", transport_encryption="required")
    NotebookClient(notebook, km=manager, timeout=60).execute()
    [*_, output] = notebook.cells[0].outputs
    assert "encrypted" in output["data"]["text/plain"]


@pytest.mark.parametrize("policy", ["disabled", "required"])
def test_jupyter_run(kernelspec, tmp_path, policy):
    """It hands the kernel the names of its files, too."""
    config = tmp_path / "jupyter_config.py"
    config.write_text(f"get_config().KernelManager.transport_encryption = {policy!r}\n")
    script = tmp_path / "said.sql"
    script.write_text(r"\echo said")
    command = [sys.executable, "-m", "jupyter", "run", "--kernel", "rowcell", script]
    environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(tmp_path)}
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)
    assert (ran.stdout, ran.returncode) == ("said\n", 0), ran.stderr


def test_signs_of_life_and_many_messages_are_encrypted_too(running):
    public, secret = zmq.curve_keypair()
    kernel = running(curve_publickey=public, curve_secretkey=secret)
    client = kernel.client()
    with zmq.Context.instance().socket(zmq.DEALER) as dealer:
        dealer.linger = 0
        dealer.curve_publickey, dealer.curve_secretkey = public, secret
        dealer.curve_serverkey = public
        dealer.heartbeat_ivl, dealer.heartbeat_timeout, dealer.rcvtimeo = 50, 200, 5000
        monitor = dealer.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        dealer.connect(client._make_url("shell"))
        session = Session(key=KEY)
        for _ in range(5):
            time.sleep(0.2)
            for _ in range(50):
                session.send(dealer, "kernel_info_request")
            for _ in range(50):
                assert dealer.recv_multipart()
        assert not monitor.poll(0), "never disconnected"
        dealer.disable_monitor()
    client.stop_channels()


def test_who_does_not_encrypt_or_with_other_keys_is_told_of_once(running):
    public, secret = zmq.curve_keypair()
    kernel = running(curve_publickey=public, curve_secretkey=secret)
    kernel.answers()
    other, others = zmq.curve_keypair()
    session = Session(key=KEY)
    for channel, kind in CHANNELS.items():
        for keys in [
            {},
            {"publickey": other, "secretkey": others, "serverkey": public},
            {"publickey": public, "secretkey": secret, "serverkey": other},
        ]:
            with zmq.Context.instance().socket(kind) as outsider:
                outsider.linger = 0
                for name, value in keys.items():
                    setattr(outsider, f"curve_{name}", value)
                outsider.connect(f"tcp://127.0.0.1:{kernel.ports[f'{channel}_port']}")
                if kind == zmq.SUB:
                    outsider.subscribe = b""
                else:
                    # It may have been sent away already, and has nobody to send to then.
                    outsider.sndtimeo = 0
                    with contextlib.suppress(zmq.Again):
                        session.send(outsider, "kernel_info_request")
                assert not outsider.poll(300), (channel, keys)
    kernel.answers()
    told = kernel.log.read_text().splitlines()
    assert len(told) == len(set(told)), told
    for channel in CHANNELS:
        # libzmq may have closed before the kernel sees that it does not encrypt.
        assert sum(channel in line for line in told) in (2, 3), told
    for key in [secret, others, public, other, KEY]:
        assert key.decode() not in kernel.log.read_text()


def test_keys_where_there_are_none_and_the_other_way_round(running, tmp_path):
    kernel = running()
    public, secret = zmq.curve_keypair()
    url = f"tcp://127.0.0.1:{kernel.ports['iopub_port']}"
    keys = {"curve_publickey": public, "curve_secretkey": secret, "curve_serverkey": public}
    with subscriber(url, **keys) as outsider:
        assert not outsider.poll(500)
    kernel.answers()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"curve_publickey": "x" * 40}, "belong together"),
        ({"curve_secretkey": "x" * 40}, "belong together"),
        ({"curve_publickey": "x" * 40, "curve_secretkey": "y" * 40}, "does not belong to"),
        ({"curve_publickey": "x" * 39, "curve_secretkey": "y" * 40}, "curve_publickey is not"),
    ],
)
def test_keys_that_are_none_end_the_kernel(rowcell, tmp_path, fields, said):
    file = tmp_path / "connection.json"
    write_connection_file(str(file), key=KEY)
    file.write_text(json.dumps({**json.loads(file.read_text()), **fields}))
    done = subprocess.run([rowcell, "kernel", file], capture_output=True, text=True, timeout=10)
    assert done.returncode == 1
    assert said in done.stderr
    assert "yyyy" not in done.stderr


def test_an_empty_key_is_warned_of_in_one_line(rowcell, home, tmp_path, running):
    kernel = running()
    kernel.answers()
    assert kernel.log.read_text() == ""
    folder = tmp_path / "unsigned"
    folder.mkdir()
    file = folder / "connection.json"
    write_connection_file(str(file), key=b"")
    with (folder / "log").open("wb") as log:
        unsigned = subprocess.Popen([rowcell, "kernel", file], stderr=log)
    client = BlockingKernelClient(connection_file=str(file), context=zmq.Context.instance())
    client.load_connection_file()
    client.start_channels()
    client.wait_for_ready(timeout=30)
    client.stop_channels()
    unsigned.terminate()
    unsigned.wait(timeout=10)
    [line] = (folder / "log").read_text().splitlines()
    assert "empty key" in line


def greet(connection, kind):
    """The first words of a ZeroMQ socket."""
    greeting = b"\xff" + bytes(8) + b"\x7f\x03\x00NULL" + bytes(48)
    kind = kind.encode()
    ready = b"\x05READY\x0bSocket-Type" + len(kind).to_bytes(4, "big") + kind
    connection.sendall(greeting + bytes([4, len(ready)]) + ready)


def long(flags, length):
    return bytes([flags | 2]) + length.to_bytes(8, "big")


def test_strangers_cost_little_and_keep_nobody_out(running):
    kernel = running()
    kernel.answers()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    before = kernel.memory()
    strangers = []

    def stranger(channel, kind, *said):
        connection = kernel.connect(channel)
        connection.settimeout(1)
        strangers.append(connection)
        try:
            greet(connection, kind)
            for part in said:
                connection.sendall(part)
        except (TimeoutError, ConnectionError):
            pass  # it was sent away, or is read no further

    try:
        ping = long(4, (1 << 20) + 7) + b"\x04PING\x00\x0a" + bytes(1 << 20)
        stranger("shell", "DEALER", *[ping] * 600)
        small = b"\x04\x17\x04PING\x00\x0a" + bytes(16)
        stranger("iopub", "SUB", *[small * 40_000] * 100)
        topic = long(0, 32 << 20) + b"\x01" + bytes((32 << 20) - 1)
        for _ in range(60):
            stranger("iopub", "SUB", topic)
        for _ in range(8):
            stranger("control", "DEALER", long(0, 200 << 20), *[bytes(1 << 20)] * 199)
        for _ in range(8):
            stranger("stdin", "DEALER", long(0, 30 << 20), *[bytes(1 << 20)] * 29)
        beat = b"\x01\x00" + long(0, 4000) + bytes(4000)
        stranger("hb", "REQ", *[beat * 100] * 200)
        for number in range(1000):
            channel = ["shell", "iopub", "hb", "control", "stdin"][number % 5]
            strangers.append(kernel.connect(channel))
        kernel.answers()
        # Their 32 MiB, and what buffers and the system's allocator make of it.
        assert kernel.memory() - before < 100
        opened = len(os.listdir(f"/proc/{kernel.process.pid}/fd"))
        assert opened < 600, "most of them have been sent away"
        told = kernel.log.read_text().splitlines()
        assert len(told) < 30, told
        assert len({line.split("] ")[-1] for line in told}) == len(told), told
    finally:
        for connection in strangers:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_kernel_without_a_file_left_lets_strangers_go_first(running):
    kernel = running(limit=64)
    kernel.answers()
    strangers = [kernel.connect("shell") for _ in range(80)]
    kernel.answers()
    told = [line for line in kernel.log.read_text().splitlines() if "accepted" in line]
    assert len(told) <= 5, told
    for connection in strangers:
        connection.close()


def test_unsigned_messages_are_told_of_once(running):
    kernel = running()
    kernel.answers()
    with zmq.Context.instance().socket(zmq.DEALER) as dealer:
        dealer.linger = 0
        dealer.connect(f"tcp://127.0.0.1:{kernel.ports['shell_port']}")
        session = Session(key=b"another key")
        for _ in range(1000):
            session.send(dealer, "kernel_info_request")
        assert not dealer.poll(500)
    kernel.answers()
    told = kernel.log.read_text().splitlines()
    assert len(told) == len(set(told)) <= 3, told
    assert any("signature" in line for line in told), told
