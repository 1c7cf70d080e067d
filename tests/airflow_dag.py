"""Try: the DAG of `docs/scheduling/` in a real Airflow.

    tests/handover.sh airflow
    python tests/airflow_dag.py PROGRAM RAW      # where Airflow is installed

The file is parsed as the DAG processor parses it. The run task is then called on a working folder, with the real program
and with one that ends with each exit code: it must hand on the snapshot, skip, ask for another try, or fail for good.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parent.parent / "docs" / "scheduling" / "anjuan_dag.py"
OTHER_TRY, FOR_GOOD, SKIP = "AirflowException", "AirflowFailException", "AirflowSkipException"
WANTED = {1: OTHER_TRY, 2: FOR_GOOD, 3: FOR_GOOD, 4: FOR_GOOD, 5: FOR_GOOD, 6: FOR_GOOD, 7: OTHER_TRY, 75: SKIP, 130: OTHER_TRY, 143: OTHER_TRY}


def main():
    program, raw = (Path(argument).resolve() for argument in sys.argv[1:3])
    with tempfile.TemporaryDirectory() as home:
        problems = list(check(program, raw, Path(home)))
    print("\n".join(problems) or "Airflow takes the DAG, and each exit code is what it should be to it")
    return 1 if problems else 0


def check(program, raw, home):
    folder = home / "work"
    shutil.copytree(raw, folder / "raw")
    os.environ |= {"AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
                   "ANJUAN_FOLDER": str(folder), "ANJUAN_PROGRAM": str(home / "anjuan")}
    (home / "dags").mkdir()
    shutil.copy(EXAMPLE, home / "dags")
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(str(home / "dags"))
    yield from (f"{path}: {error}" for path, error in bag.import_errors.items())
    dag = bag.dags.get("anjuan")
    if dag is None:
        yield f"no DAG anjuan in {sorted(bag.dags)}"
        return
    edges = {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks}
    if edges != {"run": ["verify"], "verify": ["tidy"], "tidy": []}:
        yield f"the tasks are {edges}"
    tasks = {task.task_id: task.python_callable for task in dag.tasks}

    (home / "anjuan").symlink_to(program)
    snapshot = tasks["run"]()
    if not (folder / "out" / "snapshots" / snapshot).is_dir():
        yield f"it hands on {snapshot!r}"
    tasks["verify"](snapshot)
    tasks["tidy"]()
    found = ended(tasks["run"])
    if found != SKIP:
        yield f"a run with nothing new gives {found}"
    (home / "anjuan").unlink()
    for code, wanted in WANTED.items():
        (home / "anjuan").write_text(f"#!/bin/sh\nexit {code}\n")
        (home / "anjuan").chmod(0o755)
        found = ended(tasks["run"])
        if found != wanted:
            yield f"exit code {code} gives {found}, expected {wanted}"


def ended(task):
    try:
        return task()
    except Exception as error:
        return type(error).__name__


if __name__ == "__main__":
    sys.exit(main())
