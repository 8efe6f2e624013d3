"""`rowcell run`: SQL files and notebooks without Jupyter and without Python."""

import subprocess

import nbformat
import pytest
from support import notebooks
from support.secrets import SECRETS


@pytest.fixture
def run(rowcell, tmp_path):
    """Runs a file with the given text; gives the ended process."""

    def run(text, *options, name="script.sql"):
        file = tmp_path / name
        file.write_text(text)
        return rowcell_run(rowcell, file, *options)

    return run


def test_a_sql_file(run):
    ended = run(
        "create table t (n int);\ninsert into t values (1), (2);\nselect n from t;\n",
        "--connect=local",
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "CREATE TABLE\nINSERT 0 2\n n \n---\n 1\n 2\n(2 rows)\n\n"


def test_an_error_ends_it(run):
    ended = run("select 1 as one;\nselect 1/0;\nselect 2 as two;\n")
    assert ended.returncode == 1
    assert "ERROR:  division by zero" in ended.stderr
    assert "one" in ended.stdout and "two" not in ended.stdout


def test_errors_allowed(run):
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(code) for code in ("select 1/0", "select 2 as two")]
    )
    text = nbformat.writes(notebook)
    ended = run(text, name="errors.ipynb")
    assert ended.returncode == 1 and "two" not in ended.stdout
    ended = run(text, "--allow-errors", name="errors.ipynb")
    assert "division by zero" in ended.stderr and "two" in ended.stdout


def test_a_temporary_database_that_cannot_start_again_gives_way_to_a_new_one(run):
    end_it = """\
create table kept_no_longer ();
create function deep(n int) returns int language plpgsql as 'begin return deep(n + 1); end';
select current_setting('data_directory') || '/PG_VERSION' as file \\gset
copy (select 'none') to :'file';
select deep(1)"""
    cells = [end_it, "select to_regclass('kept_no_longer') is null as gone"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in cells])
    ended = run(nbformat.writes(notebook), "--connect=local", "--allow-errors", name="loss.ipynb")
    assert "had to end the session" in ended.stderr
    assert "its temporary database is gone" in ended.stderr
    assert "\n t\n" in ended.stdout, ended.stdout


def test_parameters_are_variables(run):
    ended = run("select :'who' as who, :n + 1 as n;", "-p", "who=O'Brien", "-p", "n=41")
    assert ended.returncode == 0, ended.stderr
    assert "O'Brien" in ended.stdout and "42" in ended.stdout


def test_a_notebooks_paths_begin_in_its_folder(rowcell, tmp_path):
    folder = tmp_path / "sub"
    folder.mkdir()
    (folder / "d.csv").write_text("id\n7\n")
    cells = ["%import d.csv into d", "%%export e.csv\ntable d", "\\copy d to f.csv", "%model d --to d.rs"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in cells])
    (folder / "book.ipynb").write_text(nbformat.writes(notebook))
    command = [rowcell, "run", "sub/book.ipynb", "--connect=local", "--to", "done.ipynb"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
    assert sorted(file.name for file in folder.iterdir()) == ["book.ipynb", "d.csv", "d.rs", "e.csv", "f.csv"]
    # What stands on the command line begins where the command was given.
    assert (tmp_path / "done.ipynb").exists()


def test_a_file_that_is_no_utf8_is_read_as_it_is_told(rowcell, tmp_path):
    file = tmp_path / "latin.sql"
    file.write_bytes("select 1;\nselect 'café' as drink;\n".encode("latin1"))
    ended = rowcell_run(rowcell, file, "--connect=local")
    assert ended.returncode == 1
    assert "line 2: the byte 0xe9 (é in Latin-1) makes the file no UTF-8" in ended.stderr
    assert "--encoding windows-1252" in ended.stderr
    ended = rowcell_run(rowcell, file, "--connect=local", "--encoding=latin1")
    assert ended.returncode == 0 and "café" in ended.stdout, ended.stderr
    ended = rowcell_run(rowcell, file, "--connect=local", "--encoding=klingon")
    assert 'no encoding is called "klingon"' in ended.stderr
    # A mark says it, too.
    file.write_bytes("select 'café' as drink;\n".encode("utf-16"))
    ended = rowcell_run(rowcell, file, "--connect=local")
    assert ended.returncode == 0 and "café" in ended.stdout, ended.stderr


def test_connect(run, server):
    ended = run("select current_user as me", "--connect", server.url())
    assert server.user in ended.stdout, ended.stderr


def test_a_password_that_nobody_can_be_asked_for_is_an_error(run, server):
    ended = run("select 1", "--connect", server.url(password=False))
    assert ended.returncode == 1
    assert "password" in ended.stderr


def test_a_notebook_to_a_notebook(rowcell, tmp_path):
    ended = rowcell_run(
        rowcell, notebooks.QUICKSTART, "--connect=local", "--to", tmp_path / "out.ipynb"
    )
    assert ended.returncode == 0, ended.stderr
    executed = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    nbformat.validate(executed)
    committed = nbformat.read(notebooks.QUICKSTART, as_version=4)
    assert notebooks.outputs(executed)[1:] == notebooks.outputs(committed)[1:]
    assert [cell.source for cell in executed.cells] == [cell.source for cell in committed.cells]


def test_a_notebook_to_a_page(rowcell, tmp_path):
    ended = rowcell_run(rowcell, notebooks.QUICKSTART, "--to", tmp_path / "out.html")
    assert ended.returncode == 0, ended.stderr
    page = (tmp_path / "out.html").read_text()
    for word in ("<!doctype html>", "<h1>Rowcell in ten minutes</h1>", "Yirgacheffe"):
        assert word.lower() in page.lower()
    assert "Okonkwo &amp; Daughters" in page


@pytest.mark.parametrize(
    "arguments", [["absent.sql"], ["."], [], ["--nonsense"], ["x.sql", "y.sql"]]
)
def test_what_cannot_be_run(rowcell, tmp_path, arguments):
    ended = subprocess.run(
        [rowcell, "run", *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=20
    )
    assert ended.returncode != 0
    assert ended.stderr and "panicked" not in ended.stderr


def test_help_and_version(rowcell):
    version = subprocess.run([rowcell, "--version"], capture_output=True, text=True, check=True)
    assert version.stdout.startswith("rowcell 0.")
    for arguments in (["help"], ["--help"], ["help", "run"], ["run", "--help"]):
        text = subprocess.run([rowcell, *arguments], capture_output=True, text=True, check=True)
        assert "run" in text.stdout


def test_install_and_uninstall(rowcell, tmp_path):
    subprocess.run([rowcell, "install", "--prefix", tmp_path], check=True)
    folder = tmp_path / "share/jupyter/kernels/rowcell"
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["kernel.json", "logo-32x32.png", "logo-64x64.png", "logo-svg.svg"]
    subprocess.run([rowcell, "uninstall", "--prefix", tmp_path], check=True)
    assert not folder.exists()


def rowcell_run(rowcell, *arguments):
    command = [rowcell, "run", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    SECRETS.search("rowcell run", ended.stdout + ended.stderr)
    return ended
