"""Hand over: a snapshot to Apache Superset, and check that its chart shows our numbers.

    tests/handover.sh superset
    python tests/superset_chart.py OUT OTHER_OUT      # where Superset and duckdb-engine are installed

A Superset of its own is set up in a temporary folder and spoken to through its test client, so no port is opened. By its
REST API it is given the DuckDB file that `docs/bi/duckdb_views.py` writes, a dataset on `cases` and a bar chart of cases
by province with the sum of records. What the chart shows must equal `summary/by_province.parquet`. Then the file is
written anew for another snapshot, and the same chart must show that one; nothing may be written through it.
"""

import json
import logging
import os
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "docs" / "bi"))
import duckdb_views  # noqa: E402

CONFIG = """
SECRET_KEY = "for this test alone, 0123456789abcdef0123456789abcdef"
SQLALCHEMY_DATABASE_URI = "sqlite:///{home}/superset.db"
WTF_CSRF_ENABLED = False
TALISMAN_ENABLED = False
RATELIMIT_ENABLED = False
CACHE_CONFIG = DATA_CACHE_CONFIG = {{"CACHE_TYPE": "NullCache"}}
LOG_LEVEL = "ERROR"
"""
METRICS = [
    {"expressionType": "SQL", "sqlExpression": "COUNT(*)", "label": "cases"},
    {"expressionType": "SIMPLE", "column": {"column_name": "records"}, "aggregate": "SUM", "label": "records"},
]


def main():
    first, second = (Path(argument).resolve() for argument in sys.argv[1:3])
    started = time.perf_counter()
    logging.disable(logging.WARNING)  # the migrations of Superset are talkative
    with tempfile.TemporaryDirectory() as home:
        views = Path(home) / "anjuan.duckdb"
        duckdb_views.write(duckdb_views.current(first), views)
        client = set_up(Path(home))
        say(started, "Superset is set up")

        database = client.post("database", {
            "database_name": "anjuan", "expose_in_sqllab": True, "allow_dml": False,
            "sqlalchemy_uri": f"duckdb:///{views}?access_mode=READ_ONLY",
        })["id"]
        dataset = client.post("dataset", {"database": database, "schema": "main", "table_name": "cases"})["id"]
        problems = list(columns(client.get(f"dataset/{dataset}")["result"], duckdb_views.current(first)))
        chart = client.post("chart", {
            "slice_name": "Cases by province", "viz_type": "echarts_timeseries_bar",
            "datasource_id": dataset, "datasource_type": "table",
            "params": json.dumps({"viz_type": "echarts_timeseries_bar", "x_axis": "province", "metrics": METRICS}),
            "query_context": json.dumps(query(dataset)),
        })["id"]
        say(started, "database, dataset and chart are made")

        shown = rows(client.get(f"chart/{chart}/data/"))
        problems += differs("the chart", shown, expected(first))
        problems += differs("the chart's query", rows(client.post("chart/data", query(dataset))), expected(first))

        # A run has published: the file of views is written anew, and nothing is changed in Superset.
        duckdb_views.write(duckdb_views.current(second), views)
        problems += differs("the chart after a new snapshot", rows(client.get(f"chart/{chart}/data/?force=true")), expected(second))

        status, answer = client.ask("post", "sqllab/execute/", {"database_id": database, "sql": "DROP VIEW cases", "runAsync": False})
        if status < 400:
            problems.append(f"a view could be dropped: {answer}")
        say(started, f"{len(shown)} bars compared")
    print("\n".join(problems) or "Superset shows our numbers")
    return 1 if problems else 0


def set_up(home):
    """A Superset with one administrator, and a client that is logged in."""
    (home / "superset_config.py").write_text(CONFIG.format(home=home), "utf-8")
    os.environ |= {"SUPERSET_HOME": str(home), "SUPERSET_CONFIG_PATH": str(home / "superset_config.py"), "FLASK_APP": "superset"}
    import flask_migrate
    from superset.app import create_app

    app = create_app()
    with app.app_context():
        from superset import db
        from superset.extensions import appbuilder

        flask_migrate.upgrade(directory=str(Path(sys.modules["superset"].__file__).parent / "migrations"))
        appbuilder.add_permissions(update_perms=True)
        appbuilder.sm.sync_role_definitions()
        role = appbuilder.sm.find_role("Admin")
        appbuilder.sm.add_user("admin", "Test", "Admin", "admin@example.org", role, "for-this-test")
        db.session.commit()
    return Client(app.test_client())


class Client:
    """The REST API, by an access token."""

    def __init__(self, client):
        self.client, self.headers = client, {}
        answer = self.post("security/login", {"username": "admin", "password": "for-this-test", "provider": "db"})
        self.headers = {"Authorization": f"Bearer {answer['access_token']}"}

    def ask(self, method, path, body=None):
        answer = getattr(self.client, method)(f"/api/v1/{path}", json=body, headers=self.headers)
        return answer.status_code, answer.get_json(silent=True) or answer.get_data(as_text=True)[:500]

    def get(self, path):
        return self.checked("get", path)

    def post(self, path, body):
        return self.checked("post", path if path in ("chart/data", "security/login") else f"{path}/", body)

    def checked(self, method, path, body=None):
        status, answer = self.ask(method, path, body)
        if status >= 400:
            sys.exit(f"{method} {path} gives {status}: {answer}")
        return answer


def query(dataset):
    return {
        "datasource": {"id": dataset, "type": "table"}, "force": True, "result_type": "full", "result_format": "json",
        "queries": [{"columns": ["province"], "metrics": METRICS, "filters": [], "row_limit": 1000, "orderby": [[METRICS[0], False]]}],
    }


def rows(answer):
    """What a chart draws, by province."""
    result = answer["result"][0]
    return {row["province"]: (row["cases"], row["records"]) for row in result["data"]}


def expected(out):
    """The summary of the snapshot: a table of its own, made by another program."""
    table = pq.read_table(duckdb_views.current(out) / "summary" / "by_province.parquet").to_pylist()
    return {row["province"]: (row["n"], row["records"]) for row in table}


def differs(what, found, wanted):
    if found != wanted:
        return [f"{what} shows {found}, expected {wanted}"]
    return []


def columns(dataset, snapshot):
    """Superset must see the types that the snapshot promises."""
    kinds = {"VARCHAR": "string", "BIGINT": "integer", "FLOAT": "number", "BOOLEAN": "boolean", "DATE": "date"}
    package = json.loads((snapshot / "datapackage.json").read_text("utf-8"))
    fields = next(resource for resource in package["resources"] if resource["name"] == "cases")["schema"]["fields"]
    wanted = {field["name"]: field["type"] for field in fields}
    found = {column["column_name"]: kinds.get(column["type"].split("(")[0], column["type"]) for column in dataset["columns"]}
    if found != wanted:
        yield f"the dataset has {found}, expected {wanted}"
    temporal = {column["column_name"] for column in dataset["columns"] if column["is_dttm"]}
    if temporal != {name for name, kind in wanted.items() if kind == "date"}:
        yield f"dates are {sorted(temporal)}"


def say(started, what):
    print(f"{time.perf_counter() - started:6.1f} s  {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
