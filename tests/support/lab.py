"""JupyterLab as someone at the screen uses it: its server, and one notebook in a browser."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import nbformat

from .secrets import SECRETS

SETTINGS = {
    # Cells out of sight stay in the page, where a test finds them.
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
# What the toolbar's indicator shows is not enough: it is idle before a session has its kernel.
KERNEL_IS = """status => {
    const context = window.jupyterapp?.shell.currentWidget?.sessionContext
    const kernel = context?.session?.kernel
    return context?.isReady && kernel?.connectionStatus === 'connected' && kernel.status === status
}"""
# The ground's colour, where there is one and it is another.
GROUND = """before => {
    const colour = getComputedStyle(document.body).getPropertyValue('--jp-layout-color0')
    return colour && colour !== before ? colour : false
}"""
CHROMIUM = {
    "executable_path": "/usr/bin/chromium",
    "args": [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ],
}


@contextmanager
def serving(folder, home, port):
    """JupyterLab on a folder; gives its address."""
    for name, values in SETTINGS.items():
        file = home / f".jupyter/lab/user-settings/@jupyterlab/{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += [f"--ServerApp.root_dir={folder}", f"--ServerApp.port={port}"]
    command += ["--ServerApp.port_retries=0", "--IdentityProvider.token="]
    command += ["--LabApp.expose_app_in_browser=True"]
    with (home / "jupyterlab.log").open("w") as log:
        environment = {**os.environ, "TMPDIR": str(home / "tmp")}
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        address = f"http://localhost:{port}"
        wait_for(address, process, home / "jupyterlab.log")
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_for(address, process, log, timeout=120):
    deadline = time.monotonic() + timeout
    while True:
        try:
            return urllib.request.urlopen(f"{address}/api", timeout=5).close()
        except OSError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)


@contextmanager
def browsing(browser, address):
    """Opens notebooks in a browser that remembers nothing."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    context.set_default_timeout(30_000)
    yield lambda file: Notebook(context.new_page(), address, file)
    context.close()


class Notebook:
    """One notebook, open in the browser."""

    def __init__(self, page, address, file):
        self.page, self.file = page, file
        page.on("websocket", lambda socket: socket.on("framereceived", SECRETS.search_frame))
        page.goto(f"{address}/lab/tree/{file.name}?reset")
        self.wait("idle")

    def wait(self, status, timeout=60):
        """Waits until the notebook is connected to a kernel of that status."""
        self.page.wait_for_function(KERNEL_IS, arg=status, timeout=timeout * 1000)

    def command(self, name, **arguments):
        """Starts what a menu entry does; its end is to be seen on the page."""
        execute = "([name, with_]) => { jupyterapp.commands.execute(name, with_) }"
        self.page.evaluate(execute, [name, arguments])

    def run(self, number, wait=True):
        """Runs the code cell of that number, from 0."""
        self.cell(number).locator(".jp-InputArea-editor").click()
        self.page.keyboard.press("Control+Enter")
        if wait:
            self.wait_answered(number)

    def wait_answered(self, number, timeout=30):
        """Waits until the cell has its execution count."""
        prompt = self.cell(number).locator(".jp-InputPrompt")
        deadline = time.monotonic() + timeout
        while not prompt.inner_text().strip("[]: ").isdigit():
            assert time.monotonic() < deadline, prompt.inner_text()
            self.page.wait_for_timeout(50)

    def cell(self, number):
        return self.page.locator(".jp-CodeCell").nth(number)

    def output(self, number):
        return self.cell(number).locator(".jp-OutputArea-output")

    def text(self, number):
        return "\n".join(self.output(number).all_inner_texts())

    def prompt(self, number):
        return self.cell(number).locator(".jp-InputPrompt").inner_text()

    def theme(self, name):
        """Changes to another theme than the present one."""
        before = self.page.evaluate(GROUND, "")
        self.command("apputils:change-theme", theme=name)
        self.page.wait_for_selector(f'body[data-jp-theme-name="{name}"]', state="attached")
        self.page.wait_for_function(GROUND, arg=before)  # the stylesheet comes after the name

    def saved(self):
        """The file as JupyterLab saves it."""
        self.command("docmanager:save")
        self.page.wait_for_timeout(500)
        return self.file.read_text()


def write(folder: Path, name, *cells):
    """A notebook of those cells, for our kernel."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
        metadata={"kernelspec": {"name": "rowcell", "display_name": "", "language": "sql"}},
    )
    file = folder / f"{name}.ipynb"
    nbformat.write(notebook, file)
    return file
