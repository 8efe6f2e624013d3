"""Jupyter's own test of kernels, every sample filled in; conftest.py lets none be skipped."""

import json
import subprocess

import jupyter_kernel_test
import pytest
from support import notebooks

ONE = " one \n-----\n   1\n(1 row)"


@pytest.mark.usefixtures("kernelspec")
class TestKernel(jupyter_kernel_test.KernelTests):
    kernel_name = "rowcell"
    language_name = "sql"
    file_extension = ".sql"
    code_hello_world = r"\echo hello, world"
    code_stderr = r"\warn take care"
    completion_samples = [
        {"text": "selec", "matches": {"select"}},
        {"text": r"\ech", "matches": {r"\echo"}},
        {"text": "%connections", "matches": {"%connections"}},
    ]
    complete_code_samples = ["select 1;", r"\d", "%help", "begin; select 1; commit;"]
    incomplete_code_samples = ["select 1", "select 'a", "select (1", "do $$ begin"]
    invalid_code_samples = ["select 1;\n%%sql", r"\echo 'a"]
    code_page_something = r"\?"
    code_generate_error = "select 1/0"
    code_execute_result = [
        {"code": "select 1 as one", "result": ONE},
        {"code": "select 1 as one;", "result": ONE},
        {"code": "values (1, 'a'), (2, null)", "mime": "text/html"},
    ]
    code_display_data = [{"code": "select 1; select 2", "mime": "text/html"}]
    supported_history_operations = ("tail", "range", "search")
    code_history_pattern = "values (1*"
    code_inspect_sample = "select"
    code_clear_output = r"select 1 \watch i=0.01 c=2"


# Its client closes its context while the thread of its heartbeat may still open a socket in it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.usefixtures("kernelspec")
class TestWelcome(jupyter_kernel_test.IopubWelcomeTests):
    kernel_name = "rowcell"
    support_iopub_welcome = True


def test_notebooks_say_of_the_language_what_the_kernel_says(kernel, rowcell, tmp_path):
    """Front ends write it into a notebook that is opened: one that says another is modified."""
    info = kernel.client.kernel_info(reply=True, timeout=10)["content"]["language_info"]
    script, made = tmp_path / "a.sql", tmp_path / "a.ipynb"
    script.write_text(r"\echo a")
    subprocess.run([rowcell, "run", script, "--to", made], check=True, capture_output=True)
    files = [made, *notebooks.QUICKSTART.parent.glob("*.ipynb")]
    assert len(files) > 4
    for file in files:
        metadata = json.loads(file.read_text())["metadata"]
        assert metadata["language_info"] == info, file
        spec = {"display_name": "SQL (Rowcell)", "language": "sql", "name": "rowcell"}
        assert metadata["kernelspec"] == spec, file
