#!/usr/bin/env bash
# What readers, notebooks, BI tools and schedulers are given, tried with the real ones.
#
#     tests/handover.sh                what every change must pass: readers, notebook, scheduling
#     tests/handover.sh heavy          what takes minutes and gigabytes: engines, superset, airflow
#     tests/handover.sh readers|notebook|scheduling|engines|superset|airflow
#
# Each part has its own virtual environment under target/venv, made from the versions in tests/requirements. The program
# is target/release/anjuan, or what ANJUAN_PROGRAM names.
set -euo pipefail
cd "$(dirname "$0")/.."

program=$(realpath "${ANJUAN_PROGRAM:-target/release/anjuan}")
venvs=$PWD/${CARGO_TARGET_DIR:-target}/venv
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export MPLCONFIGDIR=$scratch/matplotlib PYTHONDONTWRITEBYTECODE=1

# The Python of an environment, which is made anew where its frozen versions have changed.
environment() {
    local folder=$venvs/$1 frozen=tests/requirements/$1.txt
    if ! cmp -s "$frozen" "$folder/frozen.txt"; then
        rm -rf "$folder"
        python3 -m venv "$folder" >&2
        # uv unpacks the same wheels in a fraction of the time.
        "$folder/bin/pip" install --quiet --disable-pip-version-check uv==0.13.9 >&2
        "$folder/bin/uv" pip install --quiet --python "$folder/bin/python" --requirement "$frozen" >&2
        cp "$frozen" "$folder/frozen.txt"
    fi
    echo "$folder/bin/python"
}

# The samples, some of them, and a snapshot whose tables of cases have no rows.
publish() {
    "$program" run --raw raw --out "$scratch/samples" 2>"$scratch/log" || { cat "$scratch/log" >&2; exit 1; }
    "$program" run --raw raw/wechat --out "$scratch/some" 2>"$scratch/log" || { cat "$scratch/log" >&2; exit 1; }
    mkdir -p "$scratch/quiet-raw"
    printf '# 天气\n\n今天天气很好，公园里有许多人散步，孩子们在草地上放风筝。\n' >"$scratch/quiet-raw/weather.md"
    "$program" run --raw "$scratch/quiet-raw" --out "$scratch/quiet" 2>"$scratch/log" || { cat "$scratch/log" >&2; exit 1; }
}

# A script of tests/ in an environment.
python() {
    local interpreter
    interpreter=$(environment "$1")
    "$interpreter" "${@:2}"
}

readers() { python light tests/readers.py "$scratch/samples/current" "$scratch/quiet/current"; }
engines() { python heavy tests/readers.py --heavy "$scratch/samples/current" "$scratch/quiet/current"; }
notebook() {
    python light tests/notebook.py "$scratch/samples" raw
    python light tests/notebook.py "$scratch/quiet" "$scratch/quiet-raw" --empty
}
scheduling() { python scheduling tests/scheduling.py "$program" raw; }
superset() { python superset tests/superset_chart.py "$scratch/samples" "$scratch/some"; }
airflow() { python airflow tests/airflow_dag.py "$program" raw; }

case ${1:-} in
'') parts=(readers notebook scheduling) ;;
heavy) parts=(engines superset airflow) ;;
readers | notebook | scheduling | engines | superset | airflow) parts=("$1") ;;
*) sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
publish >/dev/null
for part in "${parts[@]}"; do
    echo "--- $part"
    "$part"
done
