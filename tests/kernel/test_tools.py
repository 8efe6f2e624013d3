"""The usual tools run the quickstart: nbconvert, papermill, and Jupyter's console."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pexpect
from nbconvert import get_exporter
from nbconvert.preprocessors import ExecutePreprocessor
from support import notebooks
from traitlets.config import Config

BIN = Path(sys.executable).parent


def test_nbconvert(kernelspec, tmp_path):
    arguments = ["--to=notebook", "--execute", notebooks.QUICKSTART, f"--output-dir={tmp_path}"]
    run("jupyter-nbconvert", *arguments)
    executed = nbformat.read(tmp_path / "quickstart.ipynb", as_version=4)
    committed = nbformat.read(notebooks.QUICKSTART, as_version=4)
    assert notebooks.outputs(executed) == notebooks.outputs(committed)


def test_nbconvert_to_a_page(kernelspec):
    page, _ = converted("html", ExecutePreprocessor=Config(enabled=True))
    assert "hello, world" in page and "Yirgacheffe" in page


def test_nbconvert_to_a_script(kernelspec):
    script, resources = converted("script")
    assert resources["output_extension"] == ".sql"
    assert "create table coffee" in script


def test_a_schema_in_latex(kernelspec, monkeypatch):
    """Its picture, where there is no Inkscape to make a PDF of an SVG."""
    notebook = nbformat.v4.new_notebook()
    notebook.metadata.kernelspec = {"name": "rowcell", "display_name": "SQL (Rowcell)"}
    cells = ["create table club (id int primary key)", "%schema"]
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    executed, _ = ExecutePreprocessor().preprocess(notebook)
    forms = executed.cells[1].outputs[0].data
    assert {"image/svg+xml", "image/png", "application/pdf"} <= set(forms)
    monkeypatch.setenv("PATH", "")
    text, resources = get_exporter("latex")().from_notebook_node(executed)
    (name,) = [name for name in resources["outputs"] if name.endswith(".pdf")]
    assert resources["outputs"][name].startswith(b"%PDF-")
    assert f"{{{name}}}" in text


def test_papermill(kernelspec, tmp_path):
    """Without the mistakes that are meant: for papermill, every error shown is a failure."""
    quickstart = nbformat.read(notebooks.QUICKSTART, as_version=4)
    quickstart.cells = [cell for cell in quickstart.cells if "tags" not in cell.metadata]
    nbformat.write(quickstart, tmp_path / "in.ipynb")
    run("papermill", tmp_path / "in.ipynb", tmp_path / "out.ipynb")
    executed = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    assert notebooks.outputs(executed) == notebooks.outputs(quickstart)


def test_jupyter_console(kernelspec):
    console = pexpect.spawn(
        str(BIN / "jupyter-console"),
        ["--kernel=rowcell", "--simple-prompt"],
        encoding="utf-8",
        timeout=30,
        dimensions=(50, 200),
    )
    try:
        console.expect(r"In \[1\]: ")
        for cell in nbformat.read(notebooks.QUICKSTART, as_version=4).cells:
            if cell.cell_type == "code" and "\n" not in cell.source:
                console.sendline(cell.source)
                console.expect(r"In \[\d+\]: ")
        console.sendline("select 6 * 7 as answer;")
        console.expect("answer *\r?\n-+\r?\n +42\r?\n")
        console.sendeof()
        console.expect("Do you really want to exit")
        console.sendline("y")
        console.expect(pexpect.EOF)
    finally:
        console.close(force=True)


def converted(form, **settings):
    """What nbconvert makes of the quickstart, without the seconds that its program takes to start."""
    exporter = get_exporter(form)(config=Config(settings))
    return exporter.from_filename(str(notebooks.QUICKSTART))


def run(tool, *arguments):
    ended = subprocess.run([BIN / tool, *arguments], capture_output=True, text=True, timeout=100)
    assert ended.returncode == 0, ended.stderr
