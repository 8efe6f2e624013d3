"""The grid in JupyterLab: it pages through all rows of a result that is larger than its table."""

import json

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


def test_a_reopened_notebook_shows_the_table(notebook):
    """Without the kernel the widget would be an error: the table stands there again."""
    notebook.command("kernelmenu:shutdown")
    notebook.page.wait_for_selector(".rowcell-grid", state="detached")
    assert "Größe 100" in notebook.output(0).locator("table").inner_text()
    saved = json.loads(notebook.saved())
    assert "widget-view" not in json.dumps(saved["cells"])


def until(page, locator, text, whole=True):
    """Waits until an element says this."""
    for _ in range(200):
        said = locator.inner_text()
        if said == text or (not whole and text in said):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{said!r} is not {text!r}")
