"""Every notebook runs, and answers what it is committed with."""

import nbformat
import pytest
from nbclient import NotebookClient
from support import notebooks


# What a notebook needs beside the embedded database.
SERVERS = {notebooks.QUERY_SERVICE: "query_service", notebooks.CLUSTER: "cluster"}


def test_there_are_notebooks():
    assert notebooks.QUICKSTART in notebooks.ALL


@pytest.mark.parametrize("file", notebooks.ALL, ids=lambda file: file.stem)
def test_a_notebook_answers_as_committed(kernelspec, file, request):
    if file in SERVERS:
        request.getfixturevalue(SERVERS[file])
    committed = nbformat.read(file, as_version=4)
    nbformat.validate(committed)
    executed = nbformat.read(file, as_version=4)
    resources = {"metadata": {"path": file.parent}}
    NotebookClient(executed, timeout=120, resources=resources).execute()
    assert notebooks.outputs(executed) == notebooks.outputs(committed)
    assert any(notebooks.outputs(committed))
