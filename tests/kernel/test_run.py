"""`rowcell run`: SQL files and notebooks without Jupyter and without Python."""

import re
import resource
import signal
import subprocess
import time

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
    assert ended.returncode == 3
    assert "script.sql:2: ERROR:  division by zero\n" in ended.stderr
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


SCRIPTS = {
    "an error ends it": "select 1 as one;\nselect 1/0;\nselect 2 as two;",
    "in its own line": "select 1;\n\nselect\n  n\nfrom nowhere\n;\nselect 2;",
    "without its semicolon": "select 1;\nselect 1/0\n\n",
    "two in a line": "select 1; select 1/0; select 2;",
    "goes on": "\\set ON_ERROR_STOP off\nselect 1/0;\nselect 2 as two;\nselect 3/0;",
    "stops again": "\\set ON_ERROR_STOP 0\nselect 1/0;\n\\set ON_ERROR_STOP 1\nselect 2/0;\nselect 3;",
    "a transaction": "begin;\nselect 1/0;\nselect 2 as two;",
    "a table": "create temp table t as select 1 as n;\ninsert into t values (1/0);\ntable t;",
    "a command": "select 1;\n\\gset\nselect 2 as two\n\\nosuch\n;select 3;",
    "its session is ended": "select 1 as one;\nselect pg_terminate_backend(pg_backend_pid());\nselect 2;",
}


@pytest.mark.parametrize("options", [[], ["--allow-errors"]], ids=["stops", "goes_on"])
@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_a_script_ends_as_in_psql(run, tmp_path, server, script, options):
    ended = run(script, *options, "--connect", server.url())
    psql = ["psql", "-X", "-d", server.url(), "-f", tmp_path / "script.sql"]
    psql += ["-v", "ON_ERROR_STOP=1"] * (not options)
    judge = subprocess.run(psql, capture_output=True, text=True, timeout=60)
    assert ended.returncode == judge.returncode, ended.stderr + judge.stderr
    assert ended.stdout == judge.stdout
    assert places(ended.stderr) == places(judge.stderr.replace("psql:", ""))


def places(text):
    """The lines where errors are said to be; psql says of one that it costs the connection more."""
    return sorted(set(re.findall(r"script\.sql:(\d+): (?:error|ERROR|FATAL)", text)))


def test_a_script_that_reaches_no_server(run):
    for options in [], ["--allow-errors"]:
        ended = run("select 1;", "--connect", "host=127.0.0.1 port=1 user=a dbname=b", *options)
        assert ended.returncode == 2, ended.stderr
        assert "script.sql:1: ERROR:" in ended.stderr


def test_parameters_come_behind_their_defaults(run, tmp_path):
    cells = [
        nbformat.v4.new_code_cell("\\echo before :{?city}"),
        nbformat.v4.new_code_cell("\\set city 'Ulm'", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_markdown_cell("Then"),
        nbformat.v4.new_code_cell("\\echo city :city"),
    ]
    text = nbformat.writes(nbformat.v4.new_notebook(cells=cells))
    ended = run(text, "-p", "city=Lisbon", name="tagged.ipynb")
    assert ended.stdout == "before FALSE\ncity Lisbon\n", ended.stderr
    assert run(text, name="tagged.ipynb").stdout == "before FALSE\ncity Ulm\n"
    # What papermill has put in for an earlier run is no more than another default.
    injected = nbformat.v4.new_code_cell("\\set city Rome", metadata={"tags": ["injected-parameters"]})
    text = nbformat.writes(nbformat.v4.new_notebook(cells=[*cells[:2], injected, *cells[2:]]))
    assert "city Lisbon" in run(text, "-p", "city=Lisbon", name="injected.ipynb").stdout
    # Without the tag, before everything.
    del cells[1]["metadata"]["tags"]
    text = nbformat.writes(nbformat.v4.new_notebook(cells=cells))
    ended = run(text, "-p", "city=Lisbon", name="plain.ipynb")
    assert ended.stdout == "before TRUE\ncity Ulm\n"
    # A name that none can have is told before anything runs.
    ended = run(text, "-p", "a-b=1", name="plain.ipynb")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "a-b" in ended.stderr


@pytest.mark.parametrize("to", ["absent/out.ipynb", ".ipynb.ipynb/", "out.txt"])
def test_what_cannot_be_written_is_told_before_anything_runs(run, tmp_path, to):
    (tmp_path / ".ipynb.ipynb").mkdir()
    ended = run("\\echo ran", "--to", tmp_path / to)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "--to" in ended.stderr


@pytest.mark.parametrize("ending", ["ipynb", "html"])
def test_a_disk_that_is_full_leaves_the_file_as_it_was(rowcell, tmp_path, ending):
    cells = [nbformat.v4.new_code_cell("\\echo done"), nbformat.v4.new_markdown_cell("word " * 4000)]
    book, to = tmp_path / "book.ipynb", tmp_path / f"book.{ending}"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), book)
    if to != book:
        to.write_text("a page of yesterday")
    to.chmod(0o640)
    before = to.read_bytes()

    def full():
        resource.setrlimit(resource.RLIMIT_FSIZE, (8000, 8000))

    # Python ignores the signal that comes with it, and so does what it starts then.
    ended = subprocess.run(
        [rowcell, "run", book, "--to", to],
        capture_output=True, text=True, timeout=60, preexec_fn=full, restore_signals=False,
    )
    assert ended.returncode == 1, ended.stderr
    assert f"--to {to}: File too large" in ended.stderr
    assert to.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted({book.name, to.name})
    assert rowcell_run(rowcell, book, "--to", to).returncode == 0
    assert "done" in to.read_text() and to.stat().st_mode & 0o777 == 0o640


def heeds_signals():
    """Whoever runs the tests may have signals ignored, and a program inherits that."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=str)
@pytest.mark.parametrize("name", ["book.ipynb", "script.sql"])
def test_a_signal_leaves_what_was_done(rowcell, tmp_path, server, number, name):
    cells = ["select 'first' as word;", "select pg_sleep(600);", "select 'third' as word;"]
    file, out = tmp_path / name, tmp_path / "out.ipynb"
    codes = [nbformat.v4.new_code_cell(cell) for cell in cells]
    book = nbformat.writes(nbformat.v4.new_notebook(cells=codes))
    file.write_text("\n".join(cells) if name.endswith(".sql") else book)
    command = [rowcell, "run", file, "--to", out, "--allow-errors", "--connect", server.url()]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heeds_signals
    )
    sleeping = "select count(*) from pg_stat_activity where query like 'select pg_sleep(600)%'"
    while server.ask(sleeping) == [(0,)]:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)
    process.send_signal(number)
    said, why = process.communicate(timeout=60)
    assert process.returncode == 128 + number, why
    assert "canceling statement due to user request" in why
    assert server.ask(sleeping) == [(0,)]
    written = out.read_text()
    assert "first" in said and "first" in written
    assert "canceling statement" in written
    assert "third" not in said and not any("third" in str(cell) for cell in notebooks.outputs(
        nbformat.read(out, as_version=4)))


def test_nohup_is_heeded(rowcell, tmp_path, server):
    (tmp_path / "script.sql").write_text("select pg_sleep(1);\nselect 'on' as word;")
    command = ["nohup", rowcell, "run", tmp_path / "script.sql", "--connect", server.url()]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    sleeping = "select count(*) from pg_stat_activity where query like 'select pg_sleep(1)%'"
    while server.ask(sleeping) == [(0,)]:
        assert process.poll() is None, process.stderr.read()
    process.send_signal(signal.SIGHUP)
    said, why = process.communicate(timeout=60)
    assert process.returncode == 0, why
    assert "on" in said


def test_output_that_nobody_takes(run, rowcell, tmp_path):
    (tmp_path / "script.sql").write_text("\\echo one\n\\echo two\n" * 10_000)
    command = [rowcell, "run", tmp_path / "script.sql", "--to", tmp_path / "out.ipynb"]
    # A reader that goes, such as head, is no reason to fail, …
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    process.stdout.close()
    assert process.wait(timeout=60) == 0
    assert (tmp_path / "out.ipynb").read_text().count("two") == 20_000
    # … a disk that is full is one.
    with open("/dev/full", "w") as full:
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert ended.returncode == 1
    assert "No space left on device" in ended.stderr


EVERYTHING = """\
create table shelf (id int primary key); create table book (id int, shelf int references shelf);
insert into shelf select generate_series(1, 300);
===
select id, md5(id::text) as word from shelf order by id;
select id, id % 7 as rest from shelf order by id
===
%chart bar x=rest y=count() color=rest
===
%schema
===
%describe book
===
%tables
===
create index on shelf (id); select pg_sleep(0.3); \\d shelf
===
%export shelf.parquet
===
%import shelf.parquet into again
===
%results
===
explain (costs off) select * from shelf where id = 1
===
selec 1"""


def test_the_same_notebook_is_the_same_bytes(rowcell, tmp_path):
    quickstart = nbformat.read(notebooks.QUICKSTART, as_version=4)
    cells = [nbformat.v4.new_code_cell(cell) for cell in EVERYTHING.split("\n===\n")]
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    quickstart.cells += cells
    texts = []
    for name in "one", "two":
        folder = tmp_path / name
        folder.mkdir()
        nbformat.write(quickstart, folder / "book.ipynb")
        command = [rowcell, "run", "book.ipynb", "--connect=local", "--allow-errors"]
        command += ["--to", "book.ipynb"]
        ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
        assert ended.returncode == 0, ended.stderr
        texts.append((folder / "book.ipynb").read_text())
    assert texts[0] == texts[1]
    for word in "100 of 300 rows shown", "vegalite", "image/svg+xml", "syntax error at", "imported into again":
        assert word in texts[0], word
    # And what nbformat writes of it.
    assert texts[0] == nbformat.writes(nbformat.reads(texts[0], as_version=4)) + "\n"


def test_what_is_in_a_notebook_besides_stays(rowcell, tmp_path):
    """Its metadata, attachments, raw cells and numbers, as nbformat writes them."""
    cell = nbformat.v4.new_code_cell("\\echo :'a'\n", metadata={"z": [], "a": {"x": 1e-7, "y": 1.0}})
    markdown = nbformat.v4.new_markdown_cell("![x](attachment:x.svg)\u2028line\r\n")
    markdown.attachments = {"x.svg": {"image/svg+xml": "<svg>\n</svg>", "image/png": "eA=="}}
    book = nbformat.v4.new_notebook(
        cells=[cell, markdown, nbformat.v4.new_raw_cell("ünï\x07\x7f")],
        metadata={"kernelspec": {"name": "rowcell", "display_name": "x"}, "big": 12345678901, "e": 1e22},
    )
    nbformat.write(book, tmp_path / "book.ipynb")
    rowcell_run(rowcell, tmp_path / "book.ipynb", "-p", "a=ä", "--to", tmp_path / "out.ipynb")
    book.cells[0].outputs = [nbformat.v4.new_output("stream", name="stdout", text="'ä'\n")]
    book.cells[0].execution_count = 1
    nbformat.write(book, tmp_path / "expected.ipynb")
    assert (tmp_path / "out.ipynb").read_bytes() == (tmp_path / "expected.ipynb").read_bytes()


def test_connect(run, server):
    ended = run("select current_user as me", "--connect", server.url())
    assert server.user in ended.stdout, ended.stderr


def test_a_password_that_nobody_can_be_asked_for_is_an_error(run, server):
    ended = run("select 1", "--connect", server.url(password=False))
    assert ended.returncode == 2
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
