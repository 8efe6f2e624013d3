"""JupyterLab and a browser for the tests beside this file."""

import socket

import pytest
from playwright.sync_api import sync_playwright
from support import lab


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Where JupyterLab finds its notebooks."""
    return tmp_path_factory.mktemp("notebooks")


@pytest.fixture(scope="session")
def address(kernelspec, home, folder):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with lab.serving(folder, home, port) as address:
        yield address


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**lab.CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture
def open_notebook(browser, address):
    """Opens notebooks for one test."""
    with lab.browsing(browser, address) as open_notebook:
        yield open_notebook
