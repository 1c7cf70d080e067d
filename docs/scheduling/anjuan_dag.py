"""Airflow 3: anjuan every night; what reads the tables follows the asset.

Put this file into the folder of DAGs of a worker that has `anjuan` and the folder /srv/anjuan. A DAG with
`schedule=[Asset("anjuan")]` runs after each new snapshot, and only then.
"""

import json
import os
import subprocess

import pendulum
from airflow.sdk import Asset, dag, task
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

FOLDER = os.environ.get("ANJUAN_FOLDER", "/srv/anjuan")
PROGRAM = os.environ.get("ANJUAN_PROGRAM", "anjuan")
tables = Asset("anjuan", uri=f"file://{FOLDER}/out/CURRENT")

# What no second try mends: settings, rejects, data checks, input, damage.
FOR_A_PERSON = {2, 3, 4, 5, 6}


@dag(
    schedule="15 2 * * *",
    start_date=pendulum.datetime(2024, 1, 1, tz="Asia/Shanghai"),
    catchup=False,  # a run brings everything up to date, so missed nights need no runs of their own
    max_active_runs=1,
    dagrun_timeout=pendulum.duration(hours=8),
    default_args={"retries": 3, "retry_delay": pendulum.duration(minutes=15)},
    tags=["anjuan"],
    doc_md=__doc__,
)
def anjuan():
    @task(outlets=[tables], execution_timeout=pendulum.duration(hours=6))
    def run():
        """One run. Skipped, so that nothing follows, if nothing is new or another run is at work."""
        done = subprocess.run([PROGRAM, "run", "-C", FOLDER, "--json", "--wait-lock", "10m", "--log-format", "json"], stdout=subprocess.PIPE, text=True)
        if done.returncode == 75:
            raise AirflowSkipException("another run is at work")
        if done.returncode in FOR_A_PERSON:
            raise AirflowFailException(f"anjuan run ended with {done.returncode}; see docs/scheduling.md")
        if done.returncode != 0:
            raise AirflowException(f"anjuan run ended with {done.returncode}")
        outcome = json.loads(done.stdout)
        if not outcome["new"]:
            raise AirflowSkipException(f"nothing new: {outcome['snapshot']}")
        return outcome["snapshot"]

    @task(retries=0)
    def verify(snapshot):
        """The files as they lie on the disk against their manifest."""
        subprocess.run([PROGRAM, "verify", "-C", FOLDER], check=True)
        return snapshot

    @task
    def tidy():
        """Old snapshots go, those that readers may still have open stay."""
        subprocess.run([PROGRAM, "snapshots", "-C", FOLDER, "gc", "--keep", "7"], check=True)

    verify(run()) >> tidy()


anjuan()
