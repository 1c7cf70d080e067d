"""Write: one Tableau extract with every table of the current snapshot.

    pip install tableauhyperapi
    python hyper_extract.py out bi/anjuan.hyper

Hyper reads the Parquet files itself. The extract holds copies of the rows, so it can be moved, or published to a Tableau
Server. Column names stay as they are; keys to join by are in dictionary.md.
"""

import json
import os
import sys
from pathlib import Path

from tableauhyperapi import Connection, CreateMode, HyperProcess, TableName, Telemetry, escape_string_literal


def current(out):
    """The folder of the current snapshot."""
    name = (out / "CURRENT").read_text("ascii").split()[0]
    return (out / "snapshots" / name).resolve()


def write(snapshot, target, process):
    package = json.loads((snapshot / "datapackage.json").read_text("utf-8"))
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_name(f"{target.stem}.new{target.suffix}")
    with Connection(process.endpoint, new, CreateMode.CREATE_AND_REPLACE) as connection:
        connection.catalog.create_schema("Extract")
        for resource in package["resources"]:
            if not resource["path"].endswith(".parquet"):
                continue
            name = TableName("Extract", resource["name"])
            path = escape_string_literal(str(snapshot / resource["path"]))
            connection.execute_command(f"CREATE TABLE {name} AS (SELECT * FROM external({path}, FORMAT => 'parquet'))")
    os.replace(new, target)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: hyper_extract.py OUT FILE.hyper")
    folder = current(Path(sys.argv[1]))
    with HyperProcess(Telemetry.DO_NOT_SEND_USAGE_DATA_TO_TABLEAU) as hyper:
        write(folder, Path(sys.argv[2]), hyper)
    print(f"{sys.argv[2]} holds {folder}")
