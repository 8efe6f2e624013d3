"""What is around Rust cells: folders with odd names, and an environment without passwords."""

import os
import subprocess

import nbformat
import psutil
import pytest
from support.kernel import family
from support.secrets import SECRETS

SLOW = 180  # seconds for a first build on a busy machine
WORD = "hunter3-of-the-test-run"

# Says hello to the kernel and asks what the session is: any answer is too much for a stranger.
ASKS = """
fn answered() -> usize {
    use std::io::{Read, Write};
    let socket = std::env::var_os("ROWCELL_DB").expect("where it is");
    let mut socket = std::os::unix::net::UnixStream::connect(socket).expect("somebody there");
    let _ = socket.write_all(&[5, 0, 0, 0, 1, 2, 0, 0, 0, 1, 0, 0, 0, 5]);
    let mut answer = [0; 100];
    socket.read(&mut answer).unwrap_or(0)
}
"""


@pytest.fixture
def known():
    SECRETS.add(WORD)
    yield
    SECRETS.words.discard(WORD.encode())


def test_neither_a_build_script_nor_a_cell_is_told_a_password(start, known, tmp_path):
    kernel = start(
        env={
            "PGPASSWORD": WORD,
            "DATABASE_URL": f"postgresql://ada:{WORD}@localhost/shop",
            "ROWCELL_CONNECT": "local",
        }
    )
    crate = tmp_path / "nosy"
    (crate / "src").mkdir(parents=True)
    (crate / "Cargo.toml").write_text('[package]\nname = "nosy"\nversion = "1.0.0"\nedition = "2024"\n')
    (crate / "src/lib.rs").write_text("")
    seen = tmp_path / "seen"
    (crate / "build.rs").write_text(
        ASKS
        + f"""fn main() {{
            let variables: Vec<_> = std::env::vars().collect();
            std::fs::write({str(seen)!r}, format!("{{}} {{variables:?}}", answered())).unwrap();
        }}""".replace("'", '"')
    )
    code = f"""%%rust
    :dep nosy = {{ path = "{crate}" }}
    {ASKS}
    let told = std::env::vars().any(|(name, value)| name == "PGPASSWORD" || value.contains("{WORD[:7]}"));
    let n: i32 = db.query_one("select 7", &[])?.get(0)?;
    (told, n, answered() > 0)"""
    answer = kernel.run(code, timeout=SLOW)
    assert answer.texts == ["(false, 7, true)"], answer.reply
    answered, variables = seen.read_text().split(" ", 1)
    assert answered == "0"
    assert "ROWCELL_DB" in variables and WORD not in variables and "PGPASSWORD" not in variables
    below = family(kernel.process)[1:]
    assert len(below) >= 4  # the helper, its two, and the embedded database
    for process in below:
        assert WORD not in repr(psutil.Process(process.pid).environ()), process.cmdline()


def test_a_home_may_be_called_anything(rowcell, tmp_path):
    """So may the folder for temporary files, and a socket's path has but 107 bytes."""
    home = tmp_path / "a home's $HOME \"of\" Zoë"
    temporary = tmp_path / ("long " * 25).strip()
    home.mkdir()
    temporary.mkdir()
    cells = ["let n = vec![1, 2];", "select 1 as id", "n.len() + 40", "db.query(\"select 'here'\", &[])?"]
    cells = [code if code.startswith("select") else "%%rust\n" + code for code in cells]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in cells])
    file = tmp_path / "spaces.ipynb"
    file.write_text(nbformat.writes(notebook))
    ended = subprocess.run(
        [rowcell, "run", file, "--connect=local"],
        env={**os.environ, "HOME": str(home), "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        timeout=SLOW,
    )
    assert ended.returncode == 0, ended
    assert "42" in ended.stdout and "here" in ended.stdout
    # It is compiled there, for the next time.
    assert list((home / ".cache/rowcell/rust/0/target").rglob("libdb*.rlib"))
