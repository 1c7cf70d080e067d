#!/bin/sh
# One run for schedulers that know nothing of exit codes, such as cron: silent when all is well.
#
#     nightly.sh FOLDER        # the folder with raw/, out/ and pipeline.toml
#
# Ends with the exit code of the run, and keeps what it said in FOLDER/log/.
set -u
cd "$1" || exit 5
mkdir -p log || exit 7
anjuan run --wait-lock 10m --metrics log/anjuan.prom --json >log/outcome.json 2>log/run.log
code=$?
printf '%s exit %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$code" >>log/history

case $code in
0) anjuan snapshots gc --keep 7 >>log/run.log 2>&1 ;;
75) exit 75 ;; # another run is at work, and says for itself how it ends
130 | 143) exit "$code" ;; # stopped on purpose; the next run goes on
3) echo 'anjuan published, but rejected more than the configured share of the records: see the table rejects' ;;
4) echo 'anjuan did not publish: a data check failed; readers keep the snapshot of before' ;;
7) echo 'anjuan did not publish: no space or no permission; readers keep the snapshot of before' ;;
*) echo "anjuan did not publish: exit code $code" ;;
esac
if [ "$code" -ne 0 ]; then
    tail -n 40 log/run.log
fi
exit "$code"
