"""A desktop's keyring of a test's own: GNOME Keyring on a private D-Bus."""

import os
import subprocess
from contextlib import contextmanager

NEEDED = "install them: sudo apt-get install dbus gnome-keyring libsecret-tools"


@contextmanager
def keyring(folder):
    """The environment of a session that has one, for as long as the block runs; it is open."""
    bus = ["dbus-daemon", "--session", "--nofork", "--nosyslog", "--print-address"]
    environment = {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    try:
        process = subprocess.Popen(
            bus,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **environment},
        )
    except FileNotFoundError as error:
        raise RuntimeError(f"{error.filename} is missing; {NEEDED}") from error
    try:
        address = process.stdout.readline().strip()
        environment["DBUS_SESSION_BUS_ADDRESS"] = address
        daemon = ["gnome-keyring-daemon", "--unlock", "--components=secrets"]
        run(daemon, environment, "\n")
        yield environment
    finally:
        process.terminate()
        process.wait(timeout=10)


def store(environment, service, user, password):
    """Stores a password as the documentation tells users to."""
    command = ["secret-tool", "store", "--label=a test", "service", service, "username", user]
    run(command, environment, password)


def run(command, environment, given):
    try:
        ended = subprocess.run(
            command,
            input=given,
            text=True,
            env={**os.environ, **environment},
            capture_output=True,
            timeout=20,
        )
    except FileNotFoundError as error:
        raise RuntimeError(f"{error.filename} is missing; {NEEDED}") from error
    assert ended.returncode == 0, ended.stderr
