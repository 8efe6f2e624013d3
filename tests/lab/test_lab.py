"""What a user of JupyterLab sees: tables, errors, an interrupt, a restart, a hidden prompt."""

import subprocess
from pathlib import Path

import nbformat
from support import lab, notebooks

SCREENSHOTS = Path(__file__).parents[2] / "target/screenshots"
CELLS = ["select 7 as n", "select pg_sleep(60)", "select 'on we go' as word"]


def test_quickstart(open_notebook, folder):
    quickstart = nbformat.read(notebooks.QUICKSTART, as_version=4)
    for cell in quickstart.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nbformat.write(quickstart, folder / "quickstart.ipynb")

    notebook = open_notebook(folder / "quickstart.ipynb")
    notebook.command("notebook:run-all-cells")
    codes = [cell.source for cell in quickstart.cells if cell.cell_type == "code"]
    for number in range(len(codes)):
        notebook.wait_answered(number)
    notebook.wait("idle")

    coffee = codes.index(
        "select name, origin, price, organic, notes from coffee order by price desc;"
    )
    table = notebook.output(coffee).locator("table")
    assert table.count() == 1
    assert "Yirgacheffe" in table.inner_text()
    assert aligned(table, "Yirgacheffe") == "left"
    assert aligned(table, "31.50") == "right"

    customers = next(n for n, code in enumerate(codes) if "as unknown from customer" in code)
    cells = notebook.output(customers).locator("td").all_inner_texts()
    assert "NULL" in cells
    assert "" in cells

    mistake = next(n for n, code in enumerate(codes) if "prise" in code)
    lines = notebook.text(mistake).splitlines()
    where = next(n for n, line in enumerate(lines) if line.startswith("LINE 1: "))
    caret = lines[where + 1].index("^")
    assert lines[where][caret:].startswith("prise")

    cells = {"table": coffee, "nulls": customers, "error": mistake}
    shoot(notebook, {f"quickstart-{name}": number for name, number in cells.items()})


def test_interrupt(open_notebook, folder, server):
    """On a server that cancels, and on the embedded database, which starts again."""
    connects = [f"%connect {server.url()}", "%connect local"]
    cells = [cell for connect in connects for cell in (connect, *CELLS)]
    notebook = open_notebook(lab.write(folder, "interrupt", *cells))
    for first in (0, len(cells) // 2):
        notebook.run(first)
        notebook.run(first + 1)
        notebook.run(first + 2, wait=False)
        notebook.wait("busy")
        notebook.page.wait_for_timeout(500)
        notebook.page.get_by_title("Interrupt the kernel").click()
        notebook.wait_answered(first + 2)
        assert "ERROR:" in notebook.text(first + 2)
        notebook.run(first + 3)
        assert "on we go" in notebook.text(first + 3)
    shoot(notebook, {"interrupt-server": 2, "interrupt-local": len(cells) // 2 + 2})


def test_restart(open_notebook, folder):
    notebook = open_notebook(
        lab.write(folder, "restart", "create table t as select 7 as n", "select n from t")
    )
    notebook.run(0)
    notebook.run(1)
    assert notebook.prompt(1).strip() == "[2]:"
    notebook.page.get_by_title("Restart the kernel", exact=True).click()
    notebook.page.get_by_role("button", name="Confirm Kernel Restart").click()
    notebook.page.wait_for_timeout(1000)
    notebook.wait("idle")
    notebook.run(1)
    assert notebook.prompt(1).strip() == "[1]:"
    assert 'relation "t" does not exist' in notebook.text(1)


def test_cells_behind_an_error_are_not_numbered(open_notebook, folder):
    cells = [r"\echo one", r"\echo two", r"\echo three"]
    file = lab.write(folder, "behind", *cells)
    notebook = open_notebook(file)
    notebook.command("notebook:run-all-cells")
    for number in range(3):
        notebook.wait_answered(number)
    notebook.cell(1).locator(".jp-InputArea-editor").click()
    notebook.page.keyboard.press("ControlOrMeta+a")
    notebook.page.keyboard.type("select 1/0")
    notebook.command("notebook:run-all-cells")
    notebook.page.wait_for_function(
        "() => document.querySelectorAll('.jp-CodeCell')[1].innerText.includes('division by zero')"
    )
    notebook.wait("idle")
    prompts = [notebook.prompt(number).strip() for number in range(3)]
    assert prompts == ["[4]:", "[5]:", "[ ]:"]
    assert notebook.text(2) == ""


def test_a_notebook_that_is_opened_and_run_is_as_before(open_notebook, folder, rowcell):
    script = folder / "as-before.sql"
    script.write_text(r"\echo hello")
    file = folder / "as-before.ipynb"
    subprocess.run([rowcell, "run", script, "--to", file], check=True, capture_output=True)
    before = nbformat.read(file, as_version=4)
    notebook = open_notebook(file)
    dirty = "() => jupyterapp.shell.currentWidget.context.model.dirty"
    assert not notebook.page.evaluate(dirty), "modified when it was opened"
    notebook.run(0)
    notebook.wait("idle")
    assert nbformat.reads(notebook.saved(), as_version=4) == before


def test_a_password_is_asked_for_and_hidden(open_notebook, folder, server):
    target = server.url(password=False)
    notebook = open_notebook(
        lab.write(folder, "prompt", f"%connect {target}\nselect current_user as me")
    )
    notebook.run(0, wait=False)
    field = notebook.page.locator("input.jp-Stdin-input")
    assert field.get_attribute("type") == "password"
    field.fill(server.password)
    shoot(notebook, {"prompt": 0})
    field.press("Enter")
    notebook.wait_answered(0)
    assert server.user in notebook.output(0).locator("table").inner_text()
    assert server.password not in notebook.page.content()
    saved = notebook.saved()
    assert server.user in saved
    assert server.password not in saved


def aligned(table, text):
    """How the cell of that text is aligned, as the browser computes it."""
    cell = table.locator("td", has_text=text).first
    return cell.evaluate("cell => getComputedStyle(cell).textAlign")


def shoot(notebook, cells):
    """Pictures of cells, by their names and numbers, and of what is around them, in both themes."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        notebook.theme(theme)
        shade = theme.split()[1].lower()
        for name, number in cells.items():
            notebook.cell(number).scroll_into_view_if_needed()
            notebook.page.screenshot(path=SCREENSHOTS / f"{name}-{shade}.png")
