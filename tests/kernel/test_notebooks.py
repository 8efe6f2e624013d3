"""Every notebook runs, and answers what it is committed with."""

import nbformat
import pytest
from nbclient import NotebookClient
from support import notebooks


def test_there_are_notebooks():
    assert notebooks.QUICKSTART in notebooks.ALL


@pytest.mark.parametrize("file", notebooks.ALL, ids=lambda file: file.stem)
def test_a_notebook_answers_as_committed(kernelspec, file, request):
    if file == notebooks.QUERY_SERVICE:
        request.getfixturevalue("query_service")
    committed = nbformat.read(file, as_version=4)
    nbformat.validate(committed)
    executed = nbformat.read(file, as_version=4)
    NotebookClient(executed, timeout=120, resources={"metadata": {"path": file.parent}}).execute()
    assert notebooks.outputs(executed) == notebooks.outputs(committed)
    assert any(notebooks.outputs(committed))
