"""A name with several addresses, as a cluster's or a moved server's: the next is tried where one
does not answer."""

import subprocess

import pytest

NAME = "several.test"
DEAD = ["127.0.0.2", "127.0.0.3"]  # nobody listens there: the server's is 127.0.0.1


@pytest.fixture
def run(rowcell, server, tmp_path):
    """Runs a statement at that name, which has these addresses: a hosts file of its own."""

    def run(addresses):
        hosts = tmp_path / "hosts"
        hosts.write_text("".join(f"{address} {NAME}\n" for address in addresses))
        (tmp_path / "script.sql").write_text("select current_user as me")
        target = server.url().replace("localhost", NAME)
        inside = 'mount --bind "$1" /etc/hosts && exec "$2" run "$3" --connect "$4"'
        return subprocess.run(
            ["unshare", "--map-root-user", "--mount", "sh", "-ec", inside]
            + ["sh", hosts, rowcell, tmp_path / "script.sql", target],
            capture_output=True,
            text=True,
            timeout=30,
        )

    return run


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_of_the_addresses_answers(run, server, place):
    addresses = list(DEAD)
    addresses.insert(place, "127.0.0.1")
    ended = run(addresses)
    assert server.user in ended.stdout, ended.stderr


def test_none_of_the_addresses_answers(run):
    ended = run(DEAD)
    assert ended.returncode == 2
    for address in DEAD:
        assert f"({address})" in ended.stderr, ended.stderr
