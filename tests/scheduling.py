"""Try: the examples of `docs/scheduling/`, each as far as it goes without a cluster or a running systemd.

    tests/handover.sh scheduling
    python tests/scheduling.py PROGRAM RAW

cron: the table is checked by crontab, and the line in it is run in the environment that cron gives, for a good and a bad
`raw/` and for every exit code. systemd: `systemd-analyze` verifies the units and rates their sandbox. Kubernetes: the job
is validated against the schema of the API, strictly, and its arguments are run. What the documents say of options and exit
codes must be true of the program. Airflow has a test of its own, `airflow_dag.py`.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import kubernetes_validate
import yaml
from prometheus_client.openmetrics.parser import text_string_to_metric_families

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "docs" / "scheduling"
KUBERNETES = ("1.31", "1.37")
EXPOSURE = 1.0  # of 10, as systemd-analyze rates it


def main():
    program, raw = (Path(argument).resolve() for argument in sys.argv[1:3])
    n_problems = 0
    for check in (cron, systemd, kubernetes, metrics, documents):
        with tempfile.TemporaryDirectory() as scratch:
            problems = list(check(program, raw, Path(scratch)))
        n_problems += len(problems)
        print(f"{check.__name__}: {len(problems)} problems", *problems, sep="\n  ", flush=True)
    return 1 if n_problems else 0


def cron(program, raw, scratch):
    table = (EXAMPLES / "anjuan.crontab").read_text("utf-8")
    if shutil.which("crontab"):
        done = run(["crontab", "-n", EXAMPLES / "anjuan.crontab"])
        if done.returncode != 0:
            yield f"crontab refuses the table: {done.stdout}{done.stderr}"
    else:
        print("  crontab is not installed here: the table is only run, not checked by it")
    lines = [line for line in table.splitlines() if line and not line.startswith("#")]
    settings = dict(line.split("=", 1) for line in lines if re.match(r"[A-Z]+=", line))
    jobs = [line.split(None, 5) for line in lines if not re.match(r"[A-Z]+=", line)]
    if [len(job) for job in jobs] != [6]:
        yield f"expected one job of five times and a command, found {jobs}"
        return

    folder, bin = scratch / "work", scratch / "bin"
    folder.mkdir()
    bin.mkdir()
    shutil.copy(EXAMPLES / "nightly.sh", folder)
    (bin / "anjuan").symlink_to(program)
    command = jobs[0][5].replace("/srv/anjuan", str(folder))
    # What cron gives a job, and nothing else.
    environment = {"HOME": str(scratch), "LOGNAME": "anjuan", "SHELL": settings["SHELL"], "PATH": f"{bin}:{settings['PATH']}"}

    def night():
        return run([settings["SHELL"], "-c", command], env=environment, cwd=scratch)

    done = night()
    if done.returncode != 5 or "exit code 5" not in done.stdout:
        yield f"without raw/ it ends with {done.returncode} and says {done.stdout!r}"
    shutil.copytree(raw, folder / "raw")
    for what in ("the first night", "a night with nothing new"):
        done = night()
        if (done.returncode, done.stdout, done.stderr) != (0, "", ""):
            yield f"{what} ends with {done.returncode} and would be mailed: {done.stdout}{done.stderr}"
    if not (folder / "out" / "CURRENT").exists():
        yield "nothing was published"
    history = [line.split()[-1] for line in (folder / "log" / "history").read_text().splitlines()]
    if history != ["5", "0", "0"]:
        yield f"the history says {history}"

    # Every exit code: it is passed on, and a person is told unless there is nothing to do.
    (bin / "anjuan").unlink()
    for code, _ in exit_codes():
        (bin / "anjuan").write_text(f"#!/bin/sh\nexit {code if code else 0}\n")
        (bin / "anjuan").chmod(0o755)
        done = night()
        mailed = bool(done.stdout + done.stderr)
        if done.returncode != code or mailed != (code not in (0, 75, 130, 143)):
            yield f"for exit code {code} it ends with {done.returncode} and says {done.stdout!r}"


def systemd(program, _, scratch):
    if not shutil.which("systemd-analyze"):
        yield "systemd-analyze is not installed"
        return
    for unit in sorted([*EXAMPLES.glob("*.service"), *EXAMPLES.glob("*.timer")]):
        text = unit.read_text("utf-8").replace("/usr/local/bin/anjuan", str(program))
        (scratch / unit.name).write_text(text.replace("man:anjuan(1)", "https://example.org/"), "utf-8")
    units = [scratch / name for name in ("anjuan.service", "anjuan.timer", "anjuan-alert@anjuan.service")]
    done = run(["systemd-analyze", "verify", *units])
    if done.returncode != 0 or done.stderr.strip():
        yield f"systemd-analyze verify: {done.stderr.strip()}"
    done = run(["systemd-analyze", "security", "--offline=true", f"--threshold={int(EXPOSURE * 10)}", units[0]])
    rating = re.search(r"exposure level for anjuan.service: ([\d.]+)", done.stdout)
    print(f"  exposure {rating[1] if rating else '?'} of 10")
    if done.returncode != 0 or not rating or float(rating[1]) > EXPOSURE:
        yield f"the sandbox is open: {rating and rating[0]}"
    times = re.findall(r"^OnCalendar=(.+)$", (EXAMPLES / "anjuan.timer").read_text("utf-8"), re.MULTILINE)
    for time in times:
        if run(["systemd-analyze", "calendar", time]).returncode != 0:
            yield f"OnCalendar={time} is no time"


def kubernetes(program, raw, scratch):
    [job] = list(yaml.safe_load_all((EXAMPLES / "cronjob.yaml").read_text("utf-8")))
    for version in KUBERNETES:
        try:
            kubernetes_validate.validate(job, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            yield f"Kubernetes {version}: {error}"
    # The validator itself must be able to refuse.
    try:
        kubernetes_validate.validate(job | {"spec": job["spec"] | {"concurrency": "Forbid"}}, KUBERNETES[-1], strict=True)
        yield "the validator takes an unknown key"
    except kubernetes_validate.ValidationError:
        pass
    pod = job["spec"]["jobTemplate"]["spec"]
    container = pod["template"]["spec"]["containers"][0]
    codes = {code for rule in pod["podFailurePolicy"]["rules"] for code in rule.get("onExitCodes", {}).get("values", [])}
    if codes != {2, 3, 4, 5, 6}:
        yield f"exit codes without a second try are {sorted(codes)}"
    arguments = [text.replace("/srv/anjuan/raw", str(raw)).replace("/srv/anjuan/out", str(scratch / "out")) for text in container["args"]]
    done = run([program, *arguments], cwd=scratch)
    if done.returncode != 0 or not (scratch / "out" / "CURRENT").exists():
        yield f"the arguments of the container end with {done.returncode}: {done.stderr}"


def metrics(program, raw, scratch):
    """What a run leaves for a collector is OpenMetrics, and has every metric that the alerts ask for."""
    file = scratch / "anjuan.prom"
    for _ in range(2):
        done = run([program, "run", "--raw", raw, "--out", scratch / "out", "--metrics", file], cwd=scratch)
        if done.returncode != 0:
            yield f"a run with metrics ends with {done.returncode}: {done.stderr}"
            return
        families = {family.name: family for family in text_string_to_metric_families(file.read_text("utf-8"))}
        if families["anjuan_exit_code"].samples[0].value != 0:
            yield "the metrics tell of another exit code"
    rules = (EXAMPLES / "alerts.yml").read_text("utf-8")
    for name in sorted(set(re.findall(r"\banjuan_[a-z_]+", rules)) - families.keys()):
        yield f"alerts.yml asks for {name}, a run gives {sorted(families)}"
    if shutil.which("promtool"):
        for command in (["check", "rules", "alerts.yml"], ["test", "rules", "alerts_test.yml"]):
            done = run(["promtool", *command], cwd=EXAMPLES)
            if done.returncode != 0:
                yield f"promtool {' '.join(command)}: {done.stdout}{done.stderr}"
    else:
        print("  promtool is not installed here: the rules are not run")


def documents(program, _, scratch):
    """Options that the documents name exist, and the exit codes are those of the README."""
    known = {}
    texts = {path: path.read_text("utf-8") for path in [ROOT / "docs" / "scheduling.md", ROOT / "docs" / "bi.md", *EXAMPLES.iterdir()]}
    for path, text in texts.items():
        for command, rest in re.findall(r"(?:^|[\s`/(])anjuan (run|plan|verify|why|snapshots|check|schema|read|config|eval)\b([^`\n#>|;]*)", text):
            help = known.setdefault(command, help_of(program, command))
            for option in re.findall(r"(?<![\w-])--[a-z][a-z-]*", rest):
                if option not in help:
                    yield f"{path.name}: anjuan {command} has no {option}"
    table = {int(code) for codes in re.findall(r"^\| ([\d, ]+) \|", texts[ROOT / "docs" / "scheduling.md"], re.MULTILINE) for code in codes.split(",")}
    codes = {code for code, _ in exit_codes()}
    if table != codes:
        yield f"scheduling.md tells of exit codes {sorted(table)}, the README of {sorted(codes)}"
    for path in EXAMPLES.iterdir():
        if path.name not in texts[ROOT / "docs" / "scheduling.md"]:
            yield f"scheduling.md does not mention {path.name}"


def help_of(program, command):
    text = run([program, command, "--help"]).stdout
    subcommands = re.findall(r"^  (\w+)  ", text, re.MULTILINE) if "Commands:" in text else []
    return set(re.findall(r"--[a-z][a-z-]*", text + "".join(run([program, command, sub, "--help"]).stdout for sub in subcommands if sub != "help")))


def exit_codes():
    """The table of the README."""
    readme = (ROOT / "README.md").read_text("utf-8")
    for codes, meaning in re.findall(r"^\| ([\d, ]+) \| (.+?) \|$", readme, re.MULTILINE):
        for code in codes.split(","):
            yield int(code), meaning


def run(command, **options):
    environment = options.pop("env", os.environ)
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, env=environment, **options)


if __name__ == "__main__":
    sys.exit(main())
