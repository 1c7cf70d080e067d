"""Read: every table of a snapshot with pyarrow, DuckDB, pandas + fastparquet and polars, as the schema says.

    python -m venv venv && venv/bin/pip install pyarrow duckdb pandas fastparquet polars
    venv/bin/python tests/readers.py out/current

Names, types, rows and the values themselves must be the same in every reader. Exits 1 and lists what is not.
"""

import json
import sys
from pathlib import Path

import duckdb
import fastparquet
import polars
import pyarrow.parquet as pq

ARROW = {"string": "string", "integer": "int64", "number": "double", "boolean": "bool", "date": "date32[day]"}
DUCKDB = {"string": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN", "date": "DATE"}
POLARS = {"string": "String", "integer": "Int64", "number": "Float64", "boolean": "Boolean", "date": "Date"}
ROW_GROUP = 131_072


def check(folder: Path) -> list[str]:
    problems = []
    package = json.loads((folder / "datapackage.json").read_text("utf-8"))
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    rows = {file["path"]: file["rows"] for file in manifest["files"] if "rows" in file}
    connection = duckdb.connect()
    connection.execute("SET VARIABLE snapshot = ?", [str(folder)])
    connection.execute((folder / "views.sql").read_text("utf-8"))
    for resource in package["resources"]:
        name, path = resource["name"], str(folder / resource["path"])

        def expect(what, found, expected):
            if found != expected:
                problems.append(f"{name}: {what} is {found!r}, expected {expected!r}")

        fields = resource["schema"]["fields"]
        kinds = {field["name"]: field["type"] for field in fields}
        table = pq.read_table(path)
        expect("pyarrow schema", {f.name: str(f.type) for f in table.schema}, {n: ARROW[k] for n, k in kinds.items()})
        expect("rows", table.num_rows, rows[resource["path"]])
        expect("docs", [f.metadata.get(b"description", b"").decode() for f in table.schema], [f["description"] for f in fields])
        expect("nulls", [f.nullable for f in table.schema], [not f["constraints"]["required"] for f in fields])
        problems += [f"{name}: {problem}" for problem in layout(path)]

        found = connection.execute(f"DESCRIBE {name}").fetchall()
        expect("duckdb schema", {row[0]: row[1] for row in found}, {n: DUCKDB[k] for n, k in kinds.items()})
        frame = polars.read_parquet(path)
        expect("polars schema", {n: str(t) for n, t in frame.schema.items()}, {n: POLARS[k] for n, k in kinds.items()})
        pandas = fastparquet.ParquetFile(path).to_pandas()
        expect("fastparquet columns", list(pandas.columns), list(kinds))

        values = table.to_pydict()
        other = connection.sql(f"FROM {name}").to_arrow_table().to_pydict()
        for column, kind in kinds.items():
            expect(f"duckdb {column}", other[column], values[column])
            expect(f"polars {column}", frame[column].to_list(), values[column])
            found = [plain(value, kind) for value in pandas[column].tolist()]
            expect(f"fastparquet {column}", found, values[column])
    return problems


def plain(value, kind):
    """A value of pandas as Python has it."""
    if str(value) in ("None", "nan", "NaT", "<NA>"):
        return None
    if kind == "date":
        return value.date()
    return {"string": str, "integer": int, "number": float, "boolean": bool}[kind](value)


def layout(path):
    """What is not as promised inside the file."""
    metadata = pq.ParquetFile(path).metadata
    if not metadata.created_by.startswith("anjuan"):
        yield f"created by {metadata.created_by}"
    for key in (b"anjuan.table", b"anjuan.version", b"anjuan.snapshot", b"anjuan.key", b"description"):
        if key not in metadata.metadata:
            yield f"no metadata {key}"
    for i in range(metadata.num_row_groups):
        group = metadata.row_group(i)
        if group.num_rows > ROW_GROUP:
            yield f"row group of {group.num_rows}"
        for j in range(group.num_columns):
            column = group.column(j)
            if column.compression != "ZSTD":
                yield f"{column.path_in_schema} is {column.compression}"
            if not (column.has_offset_index and column.has_column_index):
                yield f"{column.path_in_schema} has no page index"


if __name__ == "__main__":
    found = check(Path(sys.argv[1]).resolve())
    print("\n".join(found) or "every reader agrees")
    sys.exit(1 if found else 0)
