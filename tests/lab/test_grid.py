"""The grid in JupyterLab: it pages through all rows of a result that is larger than its table."""

import json

import psutil
import pytest
from support import lab
from test_lab import shoot

ROWS = """select n, 'Größe ' || n as word, n % 7 as rest, case when n % 10 > 0 then n / 4.0 end as quarter,
       timestamptz '2024-01-01 00:00+00' + n * interval '1 hour' as at, '<b>' || n || '</b>' as markup
  from generate_series(1, 200000) as n"""


@pytest.fixture(scope="module")
def notebook(browser, address, folder):
    """A notebook with a grid; the tests of this file share it, and the last one ends its kernel."""
    with lab.browsing(browser, address) as open_notebook:
        notebook = open_notebook(lab.write(folder, "grid", ROWS, "select 1 as one"))
        notebook.run(0)
        notebook.page.wait_for_selector(".rowcell-grid [role=gridcell]")
        yield notebook


def test_the_grid_pages_sorts_filters_and_sums_up(notebook):
    page = notebook.page
    grid = page.locator(".rowcell-grid")
    assert grid.locator(".status").inner_text() == "200,000 rows"
    view = grid.locator(".view")
    assert view.get_attribute("aria-rowcount") == "200001"
    first = lambda column: grid.locator(f".body .row:first-child .cell:nth-child({column})")
    assert first(1).inner_text() == "1"
    assert first(2).inner_text() == "Größe 1"
    assert first(6).inner_text() == "<b>1</b>"
    shoot(notebook, {"grid": 0})

    # To the very end, by the keyboard.
    view.focus()
    page.keyboard.press("Control+End")
    last = grid.locator("[aria-rowindex='200001'] .cell:first-child")
    last.wait_for()
    page.wait_for_function("() => document.querySelector(\"[aria-rowindex='200001'] .cell\").innerText === '200000'")
    page.keyboard.press("Control+Home")

    grid.get_by_label("Sort by quarter").click()
    grid.get_by_label("Sort by quarter").click()
    until(page, first(4), "NULL")
    assert grid.locator("[aria-sort=descending]").count() == 1
    grid.get_by_label("Filter quarter").fill("not null")
    until(page, first(4), "49999.750000000000")
    grid.get_by_label("Filter rest").fill("= 3")
    grid.get_by_label("Search all columns").fill("größe 77")
    # 77…, with a remainder of 3, and a quarter.
    until(page, first(2), "Größe 77997")
    until(page, grid.locator(".status"), "141 of 200,000 rows")

    grid.get_by_text("Reset").click()
    until(page, grid.locator(".status"), "200,000 rows")
    grid.get_by_label("Summary of rest").click()
    panel = grid.locator(".panel")
    panel.wait_for()
    until(page, panel, "28,572", whole=False)
    assert "200,000" in panel.inner_text()
    shoot(notebook, {"grid-summary": 0})
    view.focus()
    page.keyboard.press("Enter")
    until(page, panel, "Row 1", whole=False)
    assert "<b>1</b>" in panel.inner_text()


def test_a_selection_is_copied_as_tab_separated_text(notebook):
    page = notebook.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    view = page.locator(".rowcell-grid .view")
    view.focus()
    for key in ("Control+Home", "Home", "Shift+ArrowRight"):
        page.keyboard.press(key)
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Control+c")
    until(page, page.locator(".rowcell-grid .status"), "2 rows copied")
    assert page.evaluate("navigator.clipboard.readText()") == "1\tGröße 1\n2\tGröße 2\n"


def test_a_filter_that_finds_nothing_can_be_taken_back(notebook):
    page = notebook.page
    grid = page.locator(".rowcell-grid")
    status = grid.locator(".status")
    first = grid.locator(".body .row:first-child .cell:first-child")
    for box in "Filter word", "Search all columns":
        grid.get_by_label(box).fill("nowhere to be found")
        until(page, status, "0 of 200,000 rows")
        grid.get_by_text("Reset").click()
        until(page, status, "200,000 rows")
        until(page, first, "1")
    # From nothing to something else, without a Reset; and past what is no filter at all.
    grid.get_by_label("Filter n", exact=True).fill("= 0")
    until(page, status, "0 of 200,000 rows")
    grid.get_by_label("Filter n", exact=True).fill("= 7")
    until(page, first, "7")
    grid.get_by_text("Reset").click()
    until(page, status, "200,000 rows")


# What JupyterLab takes for commands: cut, copy, paste, delete, insert, merge, change, run, move.
KEYS = "x c v d d z a b m y r 1 0 0 i i k j o l h s Shift+M Shift+L Enter Escape Delete Space " + (
    "ArrowUp ArrowDown Home End Shift+Enter Control+Enter Alt+Enter Control+a Control+x Control+z "
    "Control+Shift+- Control+Shift+ArrowUp Control+ArrowDown Shift+K"
)


def test_keys_in_the_grid_do_nothing_to_the_notebook(notebook):
    page = notebook.page
    grid = page.locator(".rowcell-grid")
    cells = """() => jupyterapp.shell.currentWidget.content.widgets.map(
        cell => [cell.model.type, cell.model.sharedModel.getSource(), cell.prompt, cell.inputHidden])"""
    before = page.evaluate(cells)
    places = [grid.locator(".view"), grid.get_by_label("Sort by quarter"), grid.get_by_text("Copy")]
    for place in [*places, grid.get_by_label("Width of n", exact=True), grid.locator("summary")]:
        for key in KEYS.split():
            place.focus()
            page.keyboard.press(key)
        assert page.evaluate(cells) == before, place
    assert grid.count() == 1
    box = grid.get_by_label("Search all columns")
    box.fill("")
    box.press_sequentially("xdda")
    assert box.input_value() == "xdda"
    assert page.evaluate(cells) == before
    grid.get_by_text("Reset").click()
    until(page, grid.locator(".status"), "200,000 rows")


def test_what_is_saved_is_the_table(notebook, open_notebook, folder):
    """Also while the grid is on the page: the notebook may be closed in any way."""
    saved = notebook.saved()
    outputs = json.loads(saved)["cells"][0]["outputs"]
    tables = [output for output in outputs if output["output_type"] != "stream"]
    assert [sorted(output["data"]) for output in tables] == [["text/html", "text/plain"]]
    assert "widget" not in saved and "rowcell-" not in json.dumps(outputs)
    (folder / "next-day.ipynb").write_text(saved)
    other = open_notebook(folder / "next-day.ipynb")
    assert "Größe 100" in other.output(0).locator("table").inner_text()
    assert "rror" not in other.text(0)


def test_a_second_notebook_on_the_same_kernel_has_its_grid(notebook, folder):
    page = notebook.page
    second = lab.write(folder, "second", "select n from generate_series(1, 5000) as n")
    page.evaluate(
        """async path => {
            const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel.id
            const widget = await jupyterapp.commands.execute('docmanager:open', { path })
            await widget.sessionContext.ready
            await widget.sessionContext.changeKernel({ id: kernel })
        }""",
        second.name,
    )
    notebook.wait("idle")
    page.keyboard.press("Escape")
    notebook.command("notebook:run-all-cells")
    shown = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell").first
    shown.locator(".rowcell-grid .status", has_text="5,000 rows").wait_for()
    assert "rror" not in shown.inner_text()
    page.evaluate(
        """async () => {
            for (const name of ['docmanager:save', 'application:close'])
                await jupyterapp.commands.execute(name)
        }"""
    )
    page.locator(".rowcell-grid .status", has_text="200,000 rows").wait_for()


def test_a_page_that_is_loaded_anew_shows_the_table(notebook):
    notebook.saved()
    notebook.page.goto(notebook.page.url.split("?")[0] + "?reset")
    notebook.wait("idle")
    assert "Größe 100" in notebook.output(0).locator("table").inner_text()
    assert "rror" not in notebook.text(0)
    notebook.run(0)
    notebook.page.wait_for_selector(".rowcell-grid [role=gridcell]")


@pytest.mark.parametrize("how", ["restart", "kill", "shutdown"])
def test_the_table_is_back_when_the_kernel_has_gone(notebook, how):
    page = notebook.page
    grid = page.locator(".rowcell-grid")
    if grid.count() == 0:
        notebook.run(0)
        page.wait_for_selector(".rowcell-grid [role=gridcell]")
    if how == "restart":
        notebook.command("kernelmenu:restart")
        page.get_by_role("button", name="Confirm Kernel Restart").click()
    elif how == "kill":
        KERNEL = "jupyterapp.shell.currentWidget.sessionContext.session.kernel"
        assert page.evaluate(f"{KERNEL}.status") == "idle"
        ended = [process for process in psutil.process_iter(["cmdline"])
                 if is_kernel(process, page.evaluate(f"{KERNEL}.id"))]
        assert len(ended) == 1
        ended[0].kill()
    else:
        notebook.command("kernelmenu:shutdown")
    page.wait_for_selector(".rowcell-grid", state="detached")
    assert "Größe 100" in notebook.output(0).locator("table").inner_text()
    saved = notebook.saved()
    assert "widget" not in saved
    if how == "kill":
        page.locator(".jp-Dialog button", has_text="Ok").click()
    if how != "shutdown":
        notebook.wait("idle")


def is_kernel(process, identity):
    """Whether a process is the kernel of that name; Jupyter names the connection file after it."""
    command = process.info["cmdline"] or []
    return "kernel" in command and any(identity in word for word in command)


def until(page, locator, text, whole=True):
    """Waits until an element says this."""
    for _ in range(200):
        said = locator.inner_text()
        if said == text or (not whole and text in said):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{said!r} is not {text!r}")
