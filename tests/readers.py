"""Read: every table of a snapshot with every reader we name, as the schema says.

    tests/handover.sh readers        # pyarrow, DuckDB, polars, pandas with pyarrow and with fastparquet
    tests/handover.sh heavy          # PySpark, Tableau's Hyper API and Hugging Face datasets as well
    python tests/readers.py out/current [--heavy]      # where the packages are installed

The snapshot's own `datapackage.json` says which columns and types there must be, its `manifest.json` how many rows.
Readers in this process must give every value as it is; those that work elsewhere (`--heavy`) must give the same types,
rows, nulls and sums. Exits 1 and lists what is not so.
"""

import argparse
import datetime
import json
import math
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq

ROW_GROUP = 131_072
ARROW = {"string": "string", "integer": "int64", "number": "double", "boolean": "bool", "date": "date32[day]"}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("snapshot", type=Path, nargs="+")
    arguments.add_argument("--heavy", action="store_true")
    arguments.add_argument("--only", help="a single reader, by its name")
    arguments = arguments.parse_args()
    readers = HEAVY if arguments.heavy else LIGHT
    readers = {name: reader for name, reader in readers.items() if arguments.only in (None, name)}
    problems = []
    for folder in arguments.snapshot:
        tables = load(folder.resolve())
        n_rows = sum(table.rows for table in tables)
        print(f"snapshot of {len(tables)} tables, {sum(len(table.kinds) for table in tables)} columns, {n_rows} rows")
        if not arguments.heavy:
            problems += [problem for table in tables for problem in table.problems()]
        for name, reader in readers.items():
            started = time.perf_counter()
            found = [f"{name}: {problem}" for problem in reader(folder.resolve(), tables)]
            problems += found
            print(f"  {name:<22} {len(found)} differences, {time.perf_counter() - started:.1f} s", flush=True)
    print("\n".join(problems) or "every reader agrees")
    return 1 if problems else 0


class Table:
    """A table as the snapshot describes it, and its values as pyarrow reads them."""

    def __init__(self, folder, resource, rows):
        self.name = resource["name"]
        self.path = folder / resource["path"]
        self.fields = resource["schema"]["fields"]
        self.kinds = {field["name"]: field["type"] for field in self.fields}
        self.rows = rows[resource["path"]]
        self.table = pq.read_table(self.path, partitioning=None)
        self.values = self.table.to_pydict()

    def problems(self):
        """What is not as promised in the file itself."""
        schema = self.table.schema
        yield from self.differs("pyarrow", "types", {f.name: str(f.type) for f in schema},
                                {name: ARROW[kind] for name, kind in self.kinds.items()})
        yield from self.differs("pyarrow", "rows", self.table.num_rows, self.rows)
        docs = [(field.metadata or {}).get(b"description", b"").decode() for field in schema]
        yield from self.differs("pyarrow", "docs", docs, [field["description"] for field in self.fields])
        required = [not field.nullable for field in schema]
        yield from self.differs("pyarrow", "required", required, [f["constraints"]["required"] for f in self.fields])
        yield from (f"{self.name}: {problem}" for problem in layout(self.path))

    def differs(self, reader, what, found, expected):
        if found != expected:
            yield f"{reader} {self.name}: {what} {found!r}, expected {expected!r}"

    def compare(self, what, kinds, rows, digests):
        """Kinds, rows and digests of each column against what pyarrow reads."""
        if kinds != self.kinds:
            yield f"{self.name}: types {kinds!r}, expected {self.kinds!r}"
        if rows != self.rows:
            yield f"{self.name}: {rows} rows, expected {self.rows}"
        for column, kind in self.kinds.items():
            expected = digest(kind, self.values[column])
            if not same(digests.get(column), expected):
                yield f"{self.name}.{column}: {what} {digests.get(column)!r}, expected {expected!r}"

    def equal(self, column, found):
        """Every value of a column."""
        expected = self.values[column]
        if found != expected:
            at = next((i for i, pair in enumerate(zip(found, expected)) if pair[0] != pair[1]), min(len(found), len(expected)))
            yield f"{self.name}.{column}: row {at} is {found[at:at + 1]!r}, expected {expected[at:at + 1]!r}"


def load(folder):
    package = json.loads((folder / "datapackage.json").read_text("utf-8"))
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    rows = {file["path"]: file["rows"] for file in manifest["files"] if "rows" in file}
    resources = [resource for resource in package["resources"] if resource["path"].endswith(".parquet")]
    missing = rows.keys() - {resource["path"] for resource in resources}
    if missing:
        sys.exit(f"datapackage.json does not describe {sorted(missing)}")
    return [Table(folder, resource, rows) for resource in resources]


def digest(kind, values):
    """What any engine can work out of a column: nulls, and a sum or the like."""
    told = [value for value in values if value is not None]
    nulls = len(values) - len(told)
    if not told:
        return nulls, None, None
    match kind:
        case "string":
            return nulls, sum(map(len, told)), len(set(told))
        case "integer":
            return nulls, sum(told), max(told)
        case "number":
            return nulls, math.fsum(told), max(told)
        case "boolean":
            return nulls, sum(told), None
        case "date":
            return nulls, min(told), max(told)
    raise ValueError(kind)


# The same in SQL. `{0}` is the quoted column, `{length}` what counts characters.
SQL_DIGEST = {
    "string": ("sum({length}({0}))", "count(DISTINCT {0})"),
    "integer": ("sum({0})", "max({0})"),
    "number": ("sum({0})", "max({0})"),
    "boolean": ("sum(CASE WHEN {0} THEN 1 ELSE 0 END)", "NULL"),
    "date": ("min({0})", "max({0})"),
}


def sql_digests(table, source, quote, length):
    """A query that gives rows, then nulls and two figures of each column."""
    parts = ["count(*)"]
    for column, kind in table.kinds.items():
        quoted = f"{quote}{column}{quote}"
        parts.append(f"count(*) - count({quoted})")
        parts += [part.format(quoted, length=length) for part in SQL_DIGEST[kind]]
    return f"SELECT {', '.join(parts)} FROM {source}"


def from_sql(table, row):
    """Rows and digests out of the answer to `sql_digests`."""
    digests = {}
    for i, (column, kind) in enumerate(table.kinds.items()):
        nulls, first, second = row[1 + 3 * i: 4 + 3 * i]
        if nulls == table.rows:
            first, second = None, None
        elif kind in ("string", "integer", "boolean"):
            first, second = int(first), None if second is None else int(second)
        digests[column] = (nulls, first, second)
    return row[0], digests


def same(found, expected):
    """Equal, but for the order in which fractions were added."""
    if found is None or len(found) != len(expected):
        return False
    close = lambda a, b: isinstance(b, float) and a is not None and math.isclose(a, b, rel_tol=1e-12)
    return all(a == b or close(a, b) for a, b in zip(found, expected))


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


# --- readers in this process: every value ---------------------------------------------------------------------------


def duckdb(folder, tables):
    import duckdb

    kinds = {"VARCHAR": "string", "BIGINT": "integer", "DOUBLE": "number", "BOOLEAN": "boolean", "DATE": "date"}
    connection = duckdb.connect()
    # The file of views as it stands in the snapshot; a snapshot that was moved says where it is.
    connection.execute("SET VARIABLE snapshot = ?", [str(folder)])
    connection.execute((folder / "views.sql").read_text("utf-8"))
    for table in tables:
        described = connection.execute(f'DESCRIBE "{table.name}"').fetchall()
        found = {row[0]: kinds.get(row[1], row[1]) for row in described}
        rows, digests = from_sql(table, connection.execute(sql_digests(table, f'"{table.name}"', '"', "length")).fetchall()[0])
        yield from table.compare("sums", found, rows, digests)
        columns = connection.sql(f'SELECT * FROM "{table.name}"').to_arrow_table().to_pydict()
        for column in table.kinds:
            yield from table.equal(column, columns.get(column, []))


def polars(_, tables):
    import polars

    kinds = {"String": "string", "Int64": "integer", "Float64": "number", "Boolean": "boolean", "Date": "date"}
    for table in tables:
        frame = polars.read_parquet(table.path)
        found = {name: kinds.get(str(kind), str(kind)) for name, kind in frame.schema.items()}
        columns = {name: frame[name].to_list() for name in frame.columns}
        yield from table.compare("sums", found, frame.height, digests_of(found, columns))
        for column in table.kinds:
            yield from table.equal(column, columns.get(column, []))
        # Lazily, a filter that goes down into the file.
        key = next(iter(table.kinds))
        told = polars.scan_parquet(table.path).filter(polars.col(key).is_not_null()).select(polars.len()).collect().item()
        yield from table.differs("polars", "rows with a key", told, sum(value is not None for value in table.values[key]))


def pandas_pyarrow(_, tables):
    import pandas

    kinds = {"string": "string", "int64": "integer", "double": "number", "bool": "boolean", "date32[day]": "date"}
    for table in tables:
        exact = pandas.read_parquet(table.path, engine="pyarrow", dtype_backend="pyarrow")
        found = {name: kinds.get(str(kind.pyarrow_dtype), str(kind)) for name, kind in exact.dtypes.items()}
        # As most people call it: numbers with nulls become floats, which must not change them.
        yield from in_pandas(table, pandas.read_parquet(table.path, engine="pyarrow"), found)


def pandas_fastparquet(_, tables):
    import fastparquet

    fits = {"string": ("object", "str"), "integer": ("int64", "Int64", "float64"), "number": ("float64",),
            "boolean": ("bool", "object"), "date": ("datetime64", "object")}
    for table in tables:
        frame = fastparquet.ParquetFile(str(table.path)).to_pandas()
        kinds = {column: str(kind) for column, kind in frame.dtypes.items()}
        found = {column: table.kinds[column] if column in table.kinds and kind.startswith(fits[table.kinds[column]]) else kind
                 for column, kind in kinds.items()}
        yield from in_pandas(table, frame, found)


def in_pandas(table, frame, found):
    columns = {}
    for column, kind in table.kinds.items():
        columns[column] = [plain(value, kind) for value in frame[column].tolist()]
    yield from table.compare("sums", found, len(frame), digests_of(table.kinds, columns))
    for column in table.kinds:
        yield from table.equal(column, columns[column])


def plain(value, kind):
    """A value of pandas as Python has it."""
    if value is None or str(value) in ("nan", "NaT", "<NA>"):
        return None
    if kind == "date":
        return value.date() if isinstance(value, datetime.datetime) else value
    return {"string": str, "integer": int, "number": float, "boolean": bool}[kind](value)


def digests_of(kinds, columns):
    return {column: digest(kind, columns[column]) for column, kind in kinds.items() if kind in ARROW}


# --- readers that bring an engine of their own: types, rows and sums --------------------------------------------------


def spark(_, tables):
    from pyspark.sql import SparkSession

    kinds = {"string": "string", "bigint": "integer", "double": "number", "boolean": "boolean", "date": "date"}
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.ui.showConsoleProgress", "false")
    builder = builder.config("spark.sql.shuffle.partitions", "2").config("spark.sql.session.timeZone", "Asia/Shanghai")
    session = builder.config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    try:
        for table in tables:
            frame = session.read.parquet(str(table.path))
            found = {name: kinds.get(kind, kind) for name, kind in frame.dtypes}
            frame.createOrReplaceTempView("t")
            row = session.sql(sql_digests(table, "t", "`", "char_length")).collect()[0]
            yield from table.compare("sums", found, *from_sql(table, list(row)))
    finally:
        session.stop()


def hyper(_, tables):
    """Through the script that the documentation gives to authors of Tableau workbooks."""
    from tableauhyperapi import Connection, HyperProcess, TableName, Telemetry

    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "docs" / "bi"))
    import hyper_extract

    kinds = {"TEXT": "string", "BIG_INT": "integer", "DOUBLE": "number", "BOOL": "boolean", "DATE": "date"}
    with tempfile.TemporaryDirectory() as scratch:
        extract = Path(scratch) / "anjuan.hyper"
        parameters = {"log_config": "", "default_database_version": "2"}
        with HyperProcess(Telemetry.DO_NOT_SEND_USAGE_DATA_TO_TABLEAU, parameters=parameters) as process:
            hyper_extract.write(tables[0].path.parent, extract, process)
            with Connection(process.endpoint, extract) as connection:
                for table in tables:
                    name = TableName("Extract", table.name)
                    columns = connection.catalog.get_table_definition(name).columns
                    found = {column.name.unescaped: kinds.get(str(column.type), str(column.type)) for column in columns}
                    query = sql_digests(table, str(name), '"', "length")
                    row = connection.execute_list_query(query)[0]
                    row = [value.to_date() if hasattr(value, "to_date") else value for value in row]
                    yield from table.compare("sums", found, *from_sql(table, row))


def datasets(_, tables):
    from datasets import Dataset, disable_progress_bars, load_dataset

    disable_progress_bars()
    kinds = {"string": "string", "int64": "integer", "float64": "number", "bool": "boolean", "date32": "date"}
    with tempfile.TemporaryDirectory() as scratch:
        for table in tables:
            if table.rows == 0:
                # It refuses a split without rows ("corresponds to no data"), so such a table comes through Arrow.
                dataset = Dataset(pq.read_table(table.path))
            else:
                dataset = load_dataset("parquet", data_files=str(table.path), split="train", cache_dir=scratch)
            found = {name: kinds.get(feature.dtype, feature.dtype) for name, feature in dataset.features.items()}
            columns = dataset.with_format("arrow")[:].to_pydict() if len(dataset) else {name: [] for name in found}
            yield from table.compare("sums", found, len(dataset), digests_of(found, columns))


LIGHT = {"DuckDB": duckdb, "polars": polars, "pandas, pyarrow": pandas_pyarrow, "pandas, fastparquet": pandas_fastparquet}
HEAVY = {"PySpark": spark, "Tableau Hyper": hyper, "Hugging Face datasets": datasets}

if __name__ == "__main__":
    sys.exit(main())
