"""Write: one DuckDB file whose views are the tables of the current snapshot, for tools that want a database.

    pip install duckdb
    python duckdb_views.py out bi/anjuan.duckdb

`out/CURRENT` is read once, so every view looks into the same snapshot. The file is written beside its place and renamed
there: who has the old one open keeps the old snapshot until it opens anew. It holds no rows, only views and their
comments, and needs the folder of the snapshot. Run it after each `anjuan run` that published, with the version of
duckdb that the BI tool brings or an older one.
"""

import json
import os
import sys
from pathlib import Path

import duckdb


def current(out):
    """The folder of the current snapshot."""
    name = (out / "CURRENT").read_text("ascii").split()[0]
    return (out / "snapshots" / name).resolve()


def write(snapshot, target):
    package = json.loads((snapshot / "datapackage.json").read_text("utf-8"))
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_name(f"{target.name}.new")
    new.unlink(missing_ok=True)
    with duckdb.connect(str(new)) as connection:
        for resource in package["resources"]:
            if not resource["path"].endswith(".parquet"):
                continue
            name, path = identifier(resource["name"]), text(str(snapshot / resource["path"]))
            connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet({path}, hive_partitioning = false)")
            connection.execute(f"COMMENT ON VIEW {name} IS {text(resource['description'])}")
            for field in resource["schema"]["fields"]:
                column = f"{name}.{identifier(field['name'])}"
                connection.execute(f"COMMENT ON COLUMN {column} IS {text(field['description'])}")
        connection.execute("CREATE TABLE snapshot AS SELECT ? AS id, ? AS folder", [snapshot.name, str(snapshot)])
    os.replace(new, target)


def identifier(name):
    return '"' + name.replace('"', '""') + '"'


def text(value):
    return "'" + value.replace("'", "''") + "'"


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: duckdb_views.py OUT FILE.duckdb")
    folder = current(Path(sys.argv[1]))
    write(folder, Path(sys.argv[2]))
    print(f"{sys.argv[2]} looks into {folder}")
