"""Execute: the notebook of `docs/` on a published snapshot, and check the answers that it gives.

    tests/handover.sh notebook
    python tests/notebook.py OUT RAW [--images FOLDER] [--empty]

Every cell must run without an error or a warning, every question must give a table and a plot, Chinese labels must have
glyphs where the machine has a font for them, and the evidence must lead to the words in the file. Numbers printed are
compared with the tables as pyarrow reads them.
"""

import argparse
import base64
import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import pyarrow.parquet as pq
from nbclient import NotebookClient
from traitlets.config import Config

NOTEBOOK = Path(__file__).resolve().parent.parent / "docs" / "analysis.ipynb"
QUESTIONS = 8


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("out", type=Path)
    arguments.add_argument("raw", type=Path)
    arguments.add_argument("--images", type=Path, help="write the plots here, to be looked at")
    arguments.add_argument("--empty", action="store_true", help="the snapshot has no cases: only errors count")
    arguments = arguments.parse_args()

    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    problems = [f"cell {cell.id} is stored with its output" for cell in notebook.cells if cell.get("outputs")]
    os.environ["ANJUAN_OUT"], os.environ["ANJUAN_RAW"] = str(arguments.out.resolve()), str(arguments.raw.resolve())
    started = time.perf_counter()
    where = {"metadata": {"path": str(NOTEBOOK.parent)}}
    with tempfile.TemporaryDirectory() as scratch:
        # The kernel is spoken to through files, not ports.
        files = {"transport": "ipc", "ip": f"{scratch}/kernel"}
        config = Config({"KernelManager": files, "AsyncKernelManager": files})
        NotebookClient(notebook, timeout=600, kernel_name="python3", resources=where, config=config).execute()
    if arguments.images:
        write_images(notebook, arguments.images)

    problems += warnings(notebook)
    if not arguments.empty:
        problems += [*answers(notebook), *numbers(notebook, arguments.out), *evidence(notebook)]
    n_plots = sum(kind == "image/png" for cell in notebook.cells for kind, _ in shown(cell))
    print(f"{len(notebook.cells)} cells, {n_plots} plots, {time.perf_counter() - started:.1f} s")
    print("\n".join(problems) or "the notebook runs and its numbers are those of the tables")
    return 1 if problems else 0


def shown(cell):
    """What a cell shows: kinds and contents."""
    for output in cell.get("outputs", []):
        for kind, content in output.get("data", {}).items():
            yield kind, content


def text_of(cell):
    return "".join(output.get("text", "") for output in cell.get("outputs", []) if output.output_type == "stream")


def warnings(notebook):
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "stream" and output.name == "stderr":
                yield f"{cell.id} says on stderr: {output.text.strip()}"


def answers(notebook):
    """A table and a plot under every numbered heading."""
    question, found = None, {}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            heading = re.match(r"## (\d+)  ", cell.source)
            question = int(heading[1]) if heading else None
        elif question:
            found.setdefault(question, set()).update(kind for kind, _ in shown(cell))
    for question in range(1, QUESTIONS + 1):
        for kind in ("text/html", "image/png"):
            if kind not in found.get(question, ()):
                yield f"question {question} shows no {kind}"


def numbers(notebook, out):
    """The numbers that stand in what is shown."""
    name = (out / "CURRENT").read_text().split()[0]
    folder = out / "snapshots" / name
    cases = pq.read_table(folder / "cases.parquet").to_pylist()
    texts = [str(content) for cell in notebook.cells for kind, content in shown(cell) if kind.startswith("text/")]
    printed = "\n".join([text_of(cell) for cell in notebook.cells] + texts)
    records = [case["records"] for case in cases if case["records"] is not None]
    by_year = pq.read_table(folder / "summary" / "by_year.parquet").to_pylist()
    for what, text in {
        "the snapshot and its cases": f"snapshot {name}: {len(cases)} cases",
        "the largest number of records": str(max(records)),
        "articles and rejects": str(sum(pq.read_table(folder / f"{table}.parquet").num_rows for table in ("articles", "rejects"))),
        "cases by year": str(max(row["n"] for row in by_year)),
    }.items():
        if text not in printed:
            yield f"{what}, {text!r}, is nowhere in the notebook"


def evidence(notebook):
    """The last cell must have found the words in the file."""
    last = [text_of(cell) for cell in notebook.cells if cell.cell_type == "code"][-1]
    if not re.search(r"the words are bytes \d+ to \d+: \S", last):
        yield f"the evidence does not end in the file: {last!r}"


def write_images(notebook, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for cell in notebook.cells:
        for i, (_, content) in enumerate(pair for pair in shown(cell) if pair[0] == "image/png"):
            (folder / f"{cell.id}-{i}.png").write_bytes(base64.b64decode(content))


if __name__ == "__main__":
    sys.exit(main())
