"""Notebooks as their tests see them: found, and their outputs made comparable."""

import re
from pathlib import Path

from nbformat import NotebookNode

FOLDER = Path(__file__).parents[2] / "notebooks"
ALL = sorted(FOLDER.glob("*.ipynb"))
QUICKSTART = FOLDER / "quickstart.ipynb"
QUERY_SERVICE = FOLDER / "query-service.ipynb"
CLUSTER = FOLDER / "from-laptop-to-cluster.ipynb"


def outputs(notebook):
    """The outputs of each code cell, without what differs from run to run."""
    return [
        [comparable(output) for output in joined(cell.outputs)]
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


def joined(outputs):
    """The outputs with each stream whole: how it is cut depends on how long its statements take."""
    whole = []
    for output in outputs:
        last = whole[-1] if whole else {}
        output = on_stdout(output)
        if output.output_type == "stream" and last.get("name") == output.name:
            whole[-1] = NotebookNode({**last, "text": last.text + output.text})
        else:
            whole.append(output)
    return whole


def on_stdout(output):
    """What a command that took its time says where its progress stood, a quick one says on stdout."""
    if output.output_type == "display_data" and list(output.data) == ["text/plain"]:
        text = output.data["text/plain"] + "\n"
        return NotebookNode(output_type="stream", name="stdout", text=text)
    return output


def comparable(output):
    kind = output.output_type
    if kind == "stream":
        return kind, output.name, comparable_text(output.text)
    if kind == "error":
        return kind, output.ename, output.evalue, comparable_text("\n".join(output.traceback))
    return kind, {mime: comparable_data(mime, str(data)) for mime, data in output.data.items()}


def comparable_data(mime, data):
    """A picture is there or not: its pixels are drawn with this machine's arithmetic."""
    return mime if mime in ("image/png", "application/pdf") else comparable_text(data)


def comparable_text(text):
    """Free ports differ each time."""
    return re.sub(r":\d{5}/", ":…/", text)
