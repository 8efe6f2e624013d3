"""The search for passwords. Whatever kernels send, print, write, or start other programs with is
looked through for every password of the test run; the only place for one is the cell that holds it.
"""

import re
from pathlib import Path

import psutil

ECHO = re.compile(rb'"msg_type": ?"execute_input"')
# Files beyond this are a database's own, which nobody but its server writes.
MOST = 16 << 20


class Secrets:
    """The passwords of a test run, and the places where one was found."""

    def __init__(self):
        self.words = set()
        self.found = []

    def add(self, password):
        """From now on this is looked for; of a token its ends are enough."""
        self.words.update(part.encode() for part in (password[:40], password[-40:]))

    def search(self, place, data):
        """Looks through bytes or text."""
        data = data if isinstance(data, bytes) else data.encode()
        if any(word in data for word in self.words):
            self.found.append(place)

    def search_message(self, channel, message):
        """Looks through what a kernel has sent, the echo of a cell aside."""
        if message["msg_type"] != "execute_input":
            self.search(f"{channel}: {message['msg_type']}", repr(message["content"]))

    def search_frame(self, frame):
        """The same for what a browser gets of it."""
        data = frame if isinstance(frame, bytes) else frame.encode()
        if not ECHO.search(data):
            self.search("a websocket of JupyterLab", data)

    def search_folder(self, folder):
        """Looks through all files of a folder."""
        for path in Path(folder).rglob("*"):
            if path.is_file():
                self.search_file(path)

    def search_file(self, path):
        try:
            if path.stat().st_size <= MOST:
                self.search(str(path), path.read_bytes())
        except OSError:
            pass  # it went while we looked

    def search_process(self, pid):
        """Looks through a kernel's files, and what it told the programs that it started."""
        try:
            process = psutil.Process(pid)
            self.search("the kernel's command line", " ".join(process.cmdline()))
            for file in Path(f"/proc/{process.pid}/fd").iterdir():
                if file.is_file():
                    self.search_file(file)
            for child in process.children(recursive=True):
                self.search("a command line", " ".join(child.cmdline()))
                # Also what the kernel itself was given stays with it.
                self.search("an environment", repr(child.environ()))
        except (psutil.Error, OSError):
            pass  # it has ended

    def take(self):
        """What was found since the last time."""
        found, self.found = self.found, []
        return found


SECRETS = Secrets()
