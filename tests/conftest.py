"""What all tests in Python share: the program, a private home, its kernelspec, a server."""

import os
import subprocess
from pathlib import Path

import pytest
from jupyter_client.provisioning import local_provisioner
from jupyter_client.session import Session
from support import server as support_server
from support.kernel import Kernel
from support.secrets import SECRETS
from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).parents[1]


def pytest_addoption(parser):
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    parser.addoption("--rowcell", default=target / "debug/rowcell", help="the program to test")


class Shares(LoadScopeScheduling):
    """What each of several processes runs: tests that share a kernel, a browser or compiled crates
    stay in one."""

    def _split_scope(self, nodeid):
        file = nodeid.split("::")[0]
        if file.startswith("lab/"):
            return "lab"
        if "/test_rust" in file or "[rust-and-sql]" in nodeid:
            return "rust"
        return nodeid if file.endswith("test_notebooks.py") else file


def pytest_xdist_make_scheduler(config, log):
    return Shares(config, log)


def pytest_sessionfinish(session):
    """A skipped test is a failed run: nothing is left out silently."""
    found = SECRETS.take()
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["found"] = found
        return
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    for place in found:
        reporter.write_line(f"A password was found: {place}", red=True)
    if reporter.stats.get("skipped") or found:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_testnodedown(node):
    """What a process of the tests has found after its last test counts here."""
    for place in getattr(node, "workeroutput", {}).get("found", []):
        SECRETS.found.append(place)


@pytest.fixture(scope="session")
def rowcell(pytestconfig):
    program = Path(pytestconfig.getoption("rowcell")).absolute()
    if not program.exists():
        pytest.exit(f"{program} is missing; build it: make build", returncode=1)
    return program


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory):
    """A home of the tests' own, and an environment that says nothing about databases."""
    home = tmp_path_factory.mktemp("home")
    (home / "tmp").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("PG", "XDG_", "JUPYTER", "ROWCELL", "IPYTHON")):
                patch.delenv(name)
        patch.delenv("DATABASE_URL", raising=False)
        # Rust's own folders stay where they are, for the tests of Rust cells.
        for name, folder in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")]:
            patch.setenv(name, os.environ.get(name) or str(Path.home() / folder))
        patch.setenv("HOME", str(home))
        yield home


@pytest.fixture(scope="session")
def kernelspec(rowcell, home, tmp_path_factory):
    """The installed kernelspec's prefix, where Jupyter looks first."""
    prefix = tmp_path_factory.mktemp("prefix")
    subprocess.run([rowcell, "install", "--prefix", prefix], check=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(prefix / "share/jupyter"))
        yield prefix


@pytest.fixture(scope="session", autouse=True)
def searched(home, tmp_path_factory):
    """Everything that kernels say and write goes through the search for passwords; gives their log."""
    folder = tmp_path_factory.mktemp("said")
    said = folder / "log"
    deserialize, launch = Session.deserialize, local_provisioner.launch_kernel

    def received(session, *arguments, **options):
        message = deserialize(session, *arguments, **options)
        SECRETS.search_message("a message", message)
        return message

    def launched(command, env, **options):
        env = {**env, "TMPDIR": str(home / "tmp")}
        with said.open("ab") as log:
            return launch(command, env=env, **{**options, "stdout": log, "stderr": log})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "deserialize", received)
        patch.setattr(local_provisioner, "launch_kernel", launched)
        yield said
        SECRETS.search_folder(folder)
        SECRETS.search_folder(home)


@pytest.fixture(autouse=True)
def no_password_is_told(searched):
    """A test in which a password was seen somewhere has failed."""
    yield
    assert SECRETS.take() == []


@pytest.fixture
def start(kernelspec):
    """Starts kernels that end with the test."""
    kernels = []

    def start(env=None):
        kernels.append(Kernel(env))
        return kernels[-1]

    yield start
    for kernel in kernels:
        kernel.close()


@pytest.fixture
def kernel(start):
    """A fresh kernel on the embedded database."""
    return start()


@pytest.fixture(scope="session")
def server():
    """The test run's own PostgreSQL."""
    with support_server.running() as server:
        yield server


@pytest.fixture
def remote(start, server):
    """A fresh kernel on the test run's own PostgreSQL."""
    return start({"DATABASE_URL": server.url()})


@pytest.fixture
def cluster(monkeypatch):
    """A PostgreSQL and three more for its rows, and an environment that says where they are."""
    with support_server.cluster() as (coordinator, *shards):
        monkeypatch.setenv("CLUSTER", coordinator.url(password=False))
        monkeypatch.setenv("PGPASSWORD", coordinator.password)
        for number, shard in enumerate(shards, 1):
            monkeypatch.setenv(f"SHARD{number}_HOST", shard.host)
            monkeypatch.setenv(f"SHARD{number}_PORT", shard.port)
            monkeypatch.setenv("SHARD_USER", shard.user)
        yield coordinator


@pytest.fixture
def query_service(rowcell, monkeypatch):
    """The stand-in for Query Service, and an environment that says what its credentials page says."""
    program = rowcell.parent / "examples/query-service-stand-in"
    if not program.exists():
        pytest.exit(f"{program} is missing; build it: cargo build -p query --examples", returncode=1)
    with support_server.running(program) as service:
        for name in ["host", "port", "user"]:
            monkeypatch.setenv(f"AEP_{name.upper()}", getattr(service, name))
        monkeypatch.setenv("AEP_TOKEN", service.password)
        monkeypatch.setenv("PGHOSTADDR", "127.0.0.1")  # that host, on this machine
        yield service
