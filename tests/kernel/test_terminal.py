"""`rowcell run` at a terminal: what anybody's data says there does nothing."""

import os
import pty
import re
import subprocess

SCRIPT = r"""
select E'\x1b[2K\x1b]0;title\x07\r\x08\u009b31m\u202eend' as evil \gset
select :'evil' as a;
select 1 as :"evil";
\echo :evil
\warn :evil
comment on table pg_temp.t is :'evil';
copy (select :'evil') to stdout;
listen :"evil"; notify :"evil", 'x';
\pset format unaligned
select :'evil' as a;
select told(:'evil');
select refused(:'evil');
"""
FUNCTIONS = """\
create temp table t (a int);
create function told(text) returns int language plpgsql as
'begin raise notice ''%'', $1; return 1; end';
create function refused(text) returns int language plpgsql as
'begin raise exception ''%'', $1 using detail = $1; end';
"""


def test_nothing_moves_the_cursor(rowcell, tmp_path):
    file = tmp_path / "script.sql"
    file.write_text(FUNCTIONS + SCRIPT, encoding="utf-8", newline="")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [rowcell, "run", file, "--connect=local"], stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    said = b""
    # A terminal that nobody holds any more is an error and not an end.
    try:
        while piece := os.read(ours, 1 << 16):
            said += piece
    except OSError:
        pass
    process.wait()
    text = said.decode().replace("\r\n", "\n")
    # Its own colours are all there is.
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    hidden = [c for c in text if (ord(c) < 32 and c not in "\n\t") or 127 <= ord(c) < 160]
    assert not hidden and "\u202e" not in text, text
    assert text.count("\\x1B[2K") >= 8, text
    assert "ERROR:" in text


def test_a_page_keeps_the_text(rowcell, tmp_path):
    file = tmp_path / "script.sql"
    file.write_text(FUNCTIONS + "select told(E'before\\x1b[2Kafter, and more');")
    page = tmp_path / "page.html"
    command = [rowcell, "run", file, "--connect=local", "--to", page]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert "before\\x1B[2Kafter, and more" in ended.stderr
    assert "before\\x1B[2Kafter, and more" in page.read_text()
