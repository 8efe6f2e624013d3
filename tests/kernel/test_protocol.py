"""The kernel loop, spoken to by libzmq and Jupyter's own client, with the echo kernel behind it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import jupyter_kernel_test
import pytest
import zmq
from jupyter_client import BlockingKernelClient
from jupyter_client.connect import write_connection_file
from jupyter_client.session import Session

KEY = b"a key"


@pytest.fixture(scope="session")
def program(pytestconfig):
    """The echo kernel, an example of the kernel loop's crate."""
    beside = Path(pytestconfig.getoption("rowcell")).absolute().parent / "examples/echo"
    program = Path(os.environ.get("ROWCELL_ECHO", beside))
    if not program.exists():
        pytest.exit(f"{program} is missing; build it: cargo build -p jupyter --example echo", 1)
    return program


def connect(**options):
    """A client; all share one context, since each context holds half a dozen files open."""
    client = BlockingKernelClient(context=zmq.Context.instance(), **options)
    if options:
        client.load_connection_file()
    return client


class Echo:
    """A running echo kernel and its client."""

    def __init__(self, program, file):
        self.file = str(file)
        self.process = subprocess.Popen([program, self.file])
        self.client = connect(connection_file=self.file)
        self.client.start_channels()
        self.client.wait_for_ready(timeout=20)

    def run(self, code):
        """Runs a cell, and gives its outputs: kind and content."""
        outputs = []
        hook = outputs.append
        reply = self.client.execute_interactive(code, output_hook=hook, timeout=60)
        return reply["content"], [(output["msg_type"], output["content"]) for output in outputs]

    def socket(self, kind, channel, **options):
        """A raw socket of libzmq, connected to a channel."""
        connected = zmq.Context.instance().socket(kind)
        connected.linger = 0
        for name, value in options.items():
            setattr(connected, name, value)
        connected.connect(self.client._make_url(channel))
        return connected

    def close(self):
        self.client.stop_channels()
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(timeout=10)


@pytest.fixture
def start(program, tmp_path):
    """Starts echo kernels that end with the test."""
    kernels = []

    def start(**options):
        file = tmp_path / f"connection-{len(kernels)}.json"
        write_connection_file(str(file), key=KEY, **options)
        kernels.append(Echo(program, file))
        return kernels[-1]

    yield start
    for kernel in kernels:
        kernel.close()


def test_a_stalled_subscriber_is_let_go_and_the_others_lose_nothing(start):
    kernel = start()
    with kernel.socket(zmq.SUB, "iopub", rcvhwm=1, subscribe=b"") as stalled:
        assert stalled.recv_multipart(), "its welcome, and then it reads no more"
        reply, outputs = kernel.run("flood 50\nprint all")
        assert reply["status"] == "ok"
        texts = [
            content["data"]["text/plain"] for kind, content in outputs if kind == "display_data"
        ]
        assert [len(text) for text in texts] == [1 << 20] * 50
        assert ("stream", {"name": "stdout", "text": "all\n"}) in outputs
        before = time.monotonic()
        kernel.run("print quick")
        assert time.monotonic() - before < 1, "nobody waits for it any more"


def test_a_slow_subscriber_gets_everything(start):
    kernel = start()
    with kernel.socket(zmq.SUB, "iopub", rcvhwm=1, subscribe=b"", rcvtimeo=20000) as slow:
        slow.recv_multipart()
        kernel.client.execute("flood 40")
        displays = 0
        while True:
            _, _, _, header, _, _, content = slow.recv_multipart()
            kind = json.loads(header)["msg_type"]
            displays += kind == "display_data"
            time.sleep(0.05 if kind == "display_data" else 0)
            if kind == "status" and displays and b"idle" in content:
                break
        assert displays == 40
        assert kernel.client.get_shell_msg(timeout=5)["content"]["status"] == "ok"


def test_an_interrupt_is_answered_while_a_subscriber_stalls(start):
    kernel = start()
    with kernel.socket(zmq.SUB, "iopub", rcvhwm=1, subscribe=b"") as stalled:
        stalled.recv_multipart()
        kernel.client.execute("flood 60")
        time.sleep(0.5)
        before = time.monotonic()
        message = kernel.client.session.msg("interrupt_request", {})
        kernel.client.control_channel.send(message)
        reply = kernel.client.get_control_msg(timeout=5)
        assert reply["content"] == {"status": "ok"}
        assert time.monotonic() - before < 1
        assert kernel.client.get_shell_msg(timeout=20)["content"]["status"] == "ok"


def test_the_reply_to_a_shutdown_always_arrives(start):
    for _ in range(10):
        kernel = start()
        kernel.client.shutdown()
        assert kernel.client.get_control_msg(timeout=5)["msg_type"] == "shutdown_reply"
        while kernel.client.get_iopub_msg(timeout=5)["msg_type"] != "shutdown_reply":
            pass
        assert kernel.process.wait(timeout=5) == 0


@pytest.mark.parametrize("code", ["print idle", "wait", "sleep 60000", "ask name"])
def test_sigterm_is_a_clean_end(start, code):
    kernel = start()
    kernel.client.execute(code)
    time.sleep(0.2)
    kernel.process.send_signal(signal.SIGTERM)
    assert kernel.process.wait(timeout=5) == 0


def test_sigint_is_ignored(start):
    kernel = start()
    for _ in range(3):
        kernel.process.send_signal(signal.SIGINT)
    assert ("stream", {"name": "stdout", "text": "here\n"}) in kernel.run("print here")[1]


def test_the_kernel_ends_with_the_one_who_launched_it(program, tmp_path):
    file = tmp_path / "connection.json"
    write_connection_file(str(file), key=KEY)
    launcher = (
        "import os, subprocess, sys, time\n"
        "env = {**os.environ, 'JPY_PARENT_PID': str(os.getpid())}\n"
        "print(subprocess.Popen(sys.argv[1:], env=env, start_new_session=True).pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    command = [sys.executable, "-c", launcher, program, str(file)]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    kernel = int(parent.stdout.readline())
    client = connect(connection_file=str(file))
    client.start_channels()
    client.wait_for_ready(timeout=20)
    client.stop_channels()
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 5
    while Path(f"/proc/{kernel}").exists():
        assert time.monotonic() < deadline, "it lives on"
        time.sleep(0.05)


def test_ipc_and_its_stale_files(start, tmp_path):
    folder = tmp_path / "s"
    folder.mkdir()
    options = {"transport": "ipc", "ip": str(folder / "k")}
    killed = start(**options)
    assert killed.run("print a")[0]["status"] == "ok"
    killed.process.kill()
    killed.process.wait(timeout=5)
    stale = sorted(folder.iterdir())
    assert len(stale) == 5
    ports = {name: int(path.name.rsplit("-")[-1]) for name, path in zip(PORTS, stale, strict=True)}
    kernel = start(**options, **ports)
    assert kernel.run("print b")[0]["status"] == "ok"
    kernel.client.shutdown()
    assert kernel.process.wait(timeout=5) == 0
    assert list(folder.iterdir()) == [], "it takes its files away"


PORTS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")


def test_the_registration_handshake(program, tmp_path):
    session = Session(key=KEY)
    with zmq.Context.instance().socket(zmq.ROUTER) as registrar:
        registrar.linger = 0
        registrar.rcvtimeo = 10000
        port = registrar.bind_to_random_port("tcp://127.0.0.1")
        fields = {
            "transport": "tcp",
            "kernel_id": "the kernel",
            "registration_ip": "127.0.0.1",
            "registration_port": port,
            "signature_scheme": "hmac-sha256",
            "key": KEY.decode(),
        }
        file = tmp_path / "registration.json"
        file.write_text(json.dumps(fields))
        process = subprocess.Popen([program, str(file)])
        identity, delimiter, signature, content = registrar.recv_multipart()
        assert (delimiter, signature) == (b"<IDS|MSG>", session.sign([content]))
        told = json.loads(content)
        assert told.pop("kernel_id") == "the kernel"
        assert sorted(told) == sorted(PORTS)
        registrar.send_multipart([identity, delimiter, session.sign([b"ACK"]), b"ACK"])
    client = connect()
    client.load_connection_info({**fields, **told, "ip": "127.0.0.1"})
    client.start_channels()
    client.wait_for_ready(timeout=20)
    client.shutdown()
    client.stop_channels()
    assert process.wait(timeout=5) == 0


def test_a_registration_that_is_not_acknowledged_ends_the_kernel(program, tmp_path):
    with zmq.Context.instance().socket(zmq.ROUTER) as registrar:
        registrar.linger = 0
        port = registrar.bind_to_random_port("tcp://127.0.0.1")
        fields = {"kernel_id": "k", "registration_ip": "127.0.0.1", "registration_port": port}
        file = tmp_path / "registration.json"
        file.write_text(json.dumps({**fields, "key": KEY.decode()}))
        process = subprocess.Popen([program, str(file)], stderr=subprocess.PIPE, text=True)
        identity, delimiter, *_ = registrar.recv_multipart()
        registrar.send_multipart([identity, delimiter, b"forged", b"ACK"])
        _, stderr = process.communicate(timeout=10)
    assert process.returncode == 1
    assert "not to be trusted" in stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "No such file"),
        ("", "not JSON"),
        ('{"ip": "127.0.0.1"}', "neither a connection file"),
        ('{"transport": "udp"}', "udp"),
    ],
)
def test_a_bad_connection_file_is_said_to_be_one(program, tmp_path, text, said):
    file = tmp_path / "connection.json"
    if text is not None:
        file.write_text(text)
    done = subprocess.run([program, file], capture_output=True, text=True, timeout=10)
    assert done.returncode == 1
    assert said in done.stderr
    assert str(file) in done.stderr


def test_a_used_port_is_named(program, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        file = tmp_path / "connection.json"
        write_connection_file(str(file), key=KEY, control_port=port)
        done = subprocess.run([program, file], capture_output=True, text=True, timeout=10)
    assert done.returncode == 1
    assert f"127.0.0.1:{port}" in done.stderr


def test_garbage_of_libzmq_is_survived(start):
    kernel = start()
    garbage = [
        [b""],
        [b"", b""],
        [b"<IDS|MSG>"],
        [b"<IDS|MSG>", b"", b"", b"", b"", b""],
        [b"x" * 300] * 50,
        [b"<IDS|MSG>", b"0" * 64, b"{}", b"{}", b"{}", b"{}"],
    ]
    for channel in ("shell", "control", "stdin", "hb"):
        with kernel.socket(zmq.DEALER, channel) as dealer:
            for frames in garbage:
                dealer.send_multipart(frames)
            time.sleep(0.05)
    with kernel.socket(zmq.XSUB, "iopub") as subscriber:
        for frames in [
            [b""],
            [b"\1"],
            [b"\1" + b"x" * 100_000],
            [b"\0nothing"],
            [b"\2"],
            [b"\1", b""],
        ]:
            subscriber.send_multipart(frames)
        time.sleep(0.05)
    assert kernel.run("print here")[0]["status"] == "ok"


def test_a_front_end_that_comes_back_under_its_name_is_answered(start):
    kernel = start()
    session = Session(key=KEY)
    for _ in range(50):
        with kernel.socket(zmq.DEALER, "shell", identity=b"the same", rcvtimeo=5000) as dealer:
            session.send(dealer, "kernel_info_request")
            assert dealer.recv_multipart()


def test_libzmq_heartbeats_are_answered(start):
    """A front end may ask for signs of life of the connection itself."""
    kernel = start()
    options = {"heartbeat_ivl": 50, "heartbeat_timeout": 200, "rcvtimeo": 5000}
    session = Session(key=KEY)
    with kernel.socket(zmq.DEALER, "shell", **options) as dealer:
        monitor = dealer.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        for _ in range(5):
            time.sleep(0.2)
            session.send(dealer, "kernel_info_request")
            assert dealer.recv_multipart()
        assert not monitor.poll(0), "never disconnected"
        dealer.disable_monitor()


def test_a_hidden_prompt(start):
    kernel = start()
    kernel.client.execute("secret password: ", allow_stdin=True)
    question = kernel.client.get_stdin_msg(timeout=5)
    assert question["content"] == {"prompt": "password: ", "password": True}
    kernel.client.input("1234")
    assert kernel.client.get_shell_msg(timeout=5)["content"]["status"] == "ok"


def test_an_idle_kernel_is_small(start):
    kernel = start()
    kernel.run("print warm")
    status = Path(f"/proc/{kernel.process.pid}/status").read_text()
    kilobytes = int(status.split("VmRSS:")[1].split()[0])
    assert kilobytes < 12_000


@pytest.fixture(scope="module")
def installed(program, tmp_path_factory):
    """The echo kernel's kernelspec, where Jupyter looks."""
    prefix = tmp_path_factory.mktemp("echo")
    folder = prefix / "kernels/echo"
    folder.mkdir(parents=True)
    spec = {
        "argv": [str(program), "{connection_file}"],
        "display_name": "Echo",
        "language": "echo",
        "interrupt_mode": "message",
    }
    (folder / "kernel.json").write_text(json.dumps(spec))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(prefix))
        yield


@pytest.mark.usefixtures("installed")
class EchoTests(jupyter_kernel_test.KernelTests):
    """Jupyter's own test of kernels."""

    kernel_name = "echo"
    language_name = "echo"
    file_extension = ".echo"
    code_hello_world = "print hello, world"
    code_stderr = "warn a warning"
    completion_samples = [{"text": "s", "matches": {"secret", "show", "sleep", "stubborn"}}]
    complete_code_samples = ["print x"]
    incomplete_code_samples = ["print x\\"]
    invalid_code_samples = ["\0"]
    code_page_something = "page much to read"
    code_generate_error = "fail"
    code_execute_result = [{"code": str(n), "result": str(n)} for n in (101, 102, 103)]
    code_display_data = [{"code": "show x", "mime": "text/plain"}]
    code_history_pattern = "?01"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "print"
    code_clear_output = "clear"


# Its client closes its context while the thread of its heartbeat may still open a socket in it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.usefixtures("installed")
class EchoWelcomeTests(jupyter_kernel_test.IopubWelcomeTests):
    """The first message of IOPub is its welcome."""

    kernel_name = "echo"
    support_iopub_welcome = True
