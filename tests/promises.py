#!/usr/bin/env python3
"""The promises of a nightly job, tried on the built program: kills, faults, full disks, races, damage, leaks.

    tests/promises.py                 all of them, about an hour
    tests/promises.py --short         a sample of each, a few minutes
    tests/promises.py kills verify    only these

It works in a folder of its own, needs strace for kills and faults, and makes a virtual environment with duckdb,
polars and pyarrow for what reads the tables. Every line it prints is a figure of the README.
"""

import argparse
import gzip
import hashlib
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
READERS = ["duckdb==1.4.1", "polars==1.34.0", "pyarrow==21.0.0"]


class Failed(Exception):
    """A promise that does not hold."""


def must(condition, message):
    if not condition:
        raise Failed(message)


# Input of our own making.

CITIES = ["芜湖市", "台州市", "南通市", "泉州市", "襄阳市", "绵阳市", "柳州市", "保定市", "洛阳市", "赣州市"]
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"
GOODS = ["学生信息", "车主信息", "快递单号", "房产登记信息", "手机号码", "病历"]
LEISURE = ["公园里的菊花开了", "图书馆延长了开放时间", "街角新开了一家面馆", "河边的步道修好了", "旧书市集又热闹起来"]


def article(i, tells=True):
    """An article that is like no other; persons and places in it are invented."""
    rng = random.Random(i)
    pick = rng.choice
    if not tells:
        lines = [f"第{i}期周末见闻"]
        for n in range(rng.randint(6, 14)):
            words = [pick(LEISURE) for _ in range(rng.randint(1, 3))]
            lines.append(f"{rng.randint(1, 12)}月{rng.randint(1, 28)}日,{'，'.join(words)}，编号{rng.randint(0, 10**9)}的居民说，这是第{n + 1}次。")
        return "\n\n".join(lines) + "\n"
    city, name, goods = pick(CITIES), pick(SURNAMES), pick(GOODS)
    year, month, day = rng.randint(2018, 2025), rng.randint(1, 12), rng.randint(1, 28)
    filler = "".join(
        f"经查，第{k}笔交易发生在{rng.randint(1, 28)}日，涉及{pick(GOODS)}，编号{rng.randint(0, 10**9)}。"
        for k in range(rng.randint(3, 9))
    )
    return (
        f"{city}警方通报第{i}号案情\n\n{year}年{month}月{day}日，{city}公安局抓获犯罪嫌疑人{name}某等{rng.randint(2, 90)}人，"
        f"查获{goods}{rng.randint(1, 999)}万条，涉案金额{rng.randint(1, 900)}万元。{filler}"
        f"\n\n目前，{name}某因涉嫌侵犯公民个人信息罪被刑事拘留。\n"
    )


def corpus(folder, n, start=0, tells=lambda i: i % 3 == 0, order=None):
    numbers = list(range(start, start + n))
    if order is not None:
        random.Random(order).shuffle(numbers)
    for i in numbers:
        path = folder / f"{i // 1000:03}" / f"{i:06}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(article(i, tells(i)), encoding="utf-8")
    # Old enough for their times to be believed.
    old = time.time() - 3600
    for i in numbers:
        os.utime(folder / f"{i // 1000:03}" / f"{i:06}.txt", (old, old))


class Bench:
    """The program, and a folder to try it in."""

    def __init__(self, binary, work, short, python):
        self.binary, self.work, self.short, self._python = str(binary), work, short, python

    def command(self, *arguments, out=None, raw=None):
        command = [self.binary, *map(str, arguments)]
        if raw:
            command += ["--raw", str(raw)]
        if out:
            command += ["--out", str(out)]
        return command

    def run(self, *arguments, code=0, env=None, prefix=(), timeout=600, **places):
        command = [*prefix, *self.command(*arguments, **places)]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("ANJUAN_")} | (env or {})
        done = subprocess.run(command, capture_output=True, env=environment, cwd=self.work, timeout=timeout)
        if code is not None:
            must(done.returncode == code,
                 f"{' '.join(command)}: exit {done.returncode}\n{done.stderr.decode(errors='replace')[-2000:]}")
        return done

    def fresh(self, name):
        folder = self.work / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    @property
    def python(self):
        """A Python that can read Parquet."""
        if self._python:
            return self._python
        venv = self.work / "venv"
        if not (venv / "bin/python").exists():
            subprocess.run([sys.executable, "-m", "venv", venv], check=True)
            subprocess.run([venv / "bin/pip", "install", "--quiet", *READERS], check=True)
        self._python = str(venv / "bin/python")
        return self._python


def digest(folder):
    """One hash of every published byte: CURRENT and the snapshot that it names."""
    current = (folder / "CURRENT").read_bytes()
    snapshot = folder / "snapshots" / current.split()[0].decode()
    hasher = hashlib.sha256(current)
    for path in sorted(snapshot.rglob("*")):
        if path.is_file():
            hasher.update(str(path.relative_to(snapshot)).encode() + b"\0" + path.read_bytes())
    return hasher.hexdigest()


# Kills and faults, by strace.

CHANGES = ["write", "pwrite64", "fsync", "fdatasync", "rename", "renameat", "renameat2", "mkdir", "mkdirat",
           "unlink", "unlinkat", "rmdir", "symlink", "symlinkat", "ftruncate", "openat"]
LOOKS = ["read", "pread64", "statx", "getdents64", "newfstatat", "flock"]


def points(bench, kinds, raw, template, here):
    """How often each call is made on files under `here`, as pairs of a call and its number within a thread."""
    out = bench.work / "traced"
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(template, out, symlinks=True)
    log = bench.work / "strace.log"
    bench.run("run", "--threads", 1, raw=raw, out=out,
              prefix=["strace", "-f", "-y", "-qq", "-e", "trace=" + ",".join(kinds), "-o", str(log)])
    numbers, found = {}, set()
    for line in log.read_text(errors="replace").splitlines():
        match = re.match(r"(\d+)\s+(\w+)\((.*)", line)
        if not match:
            continue
        thread, call, rest = match.groups()
        n = numbers[thread, call] = numbers.get((thread, call), 0) + 1
        if str(out) in rest:
            found.add((call, n))
    return sorted(found)


def traps(bench, kinds):
    raw, old = bench.fresh("trap-raw"), bench.work / "trap-old"
    shutil.rmtree(old, ignore_errors=True)
    corpus(raw, 12)
    bench.run("run", raw=raw, out=old)
    corpus(raw, 6, start=100)
    final = bench.work / "trap-final"
    shutil.rmtree(final, ignore_errors=True)
    shutil.copytree(old, final, symlinks=True)
    bench.run("run", raw=raw, out=final)
    all_points = points(bench, kinds, raw, old, final)
    if bench.short:
        all_points = random.Random(1).sample(all_points, min(24, len(all_points)))
    return raw, old, digest(old), digest(final), all_points


def attempt(bench, raw, old, prefix, code=None):
    out = bench.work / "traced"
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(old, out, symlinks=True)
    return out, bench.run("run", "--threads", 1, raw=raw, out=out, prefix=prefix, code=code)


def kills(bench):
    """Killed at every write, fsync, rename, mkdir and unlink, and at random moments."""
    raw, old, before, after, all_points = traps(bench, CHANGES)
    old_stood = 0
    for call, n in all_points:
        out, _ = attempt(bench, raw, old, ["strace", "-f", "-qq", "-o", "/dev/null",
                                           "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={n}"])
        bench.run("verify", out=out)
        now = digest(out)
        must(now in (before, after), f"killed at {call} {n}: a snapshot that is neither old nor new")
        old_stood += now == before
        bench.run("run", raw=raw, out=out)
        must(digest(out) == after, f"killed at {call} {n}: other bytes in the end")
        left = [p.name for p in out.iterdir() if p.name.startswith(".staging") or p.name == ".scratch"]
        must(not left, f"killed at {call} {n}: {left} is left")
    rng = random.Random(2)
    random_kills = 20 if bench.short else 200
    started = time.time()
    attempt(bench, raw, old, [], code=0)
    took = time.time() - started
    for n in range(random_kills):
        out = bench.work / "traced"
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(old, out, symlinks=True)
        process = subprocess.Popen(bench.command("run", raw=raw, out=out), cwd=bench.work,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rng.random() * took)
        process.kill()
        process.wait()
        bench.run("verify", out=out)
        bench.run("run", raw=raw, out=out)
        must(digest(out) == after, f"random kill {n}: other bytes in the end")
    return (f"{len(all_points)} system calls and {random_kills} random moments killed at: 0 lost, final bytes identical "
            f"(after {old_stood} kills the old snapshot stood, after the others the new one)")


def faults(bench):
    """EIO, ENOSPC and EACCES at every call on the output."""
    raw, old, before, after, all_points = traps(bench, CHANGES + LOOKS)
    seen = {}
    for call, n in all_points:
        for error in ["EIO", "ENOSPC", "EACCES"]:
            if bench.short and error != "EIO":
                continue
            out, done = attempt(bench, raw, old, ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}",
                                                  "-e", f"inject={call}:error={error}:when={n}"])
            text = done.stderr.decode(errors="replace")
            what = f"{error} at {call} {n}"
            must(done.returncode in (0, 5, 6, 7), f"{what}: exit {done.returncode}\n{text}")
            must("panicked" not in text, f"{what}: {text}")
            seen[done.returncode] = seen.get(done.returncode, 0) + 1
            bench.run("verify", out=out)
            now = digest(out)
            must(now in (before, after), f"{what}: a snapshot that is neither old nor new")
            must(done.returncode != 0 or now == after, f"{what}: exit 0 without the new snapshot")
            bench.run("run", raw=raw, out=out)
            must(digest(out) == after, f"{what}: other bytes in the end")
    counts = ", ".join(f"exit {code}: {n}" for code, n in sorted(seen.items()))
    return f"{sum(seen.values())} faults ({counts}): every time the old or the new snapshot verifies, and the next run ends well"


def full(bench):
    """A disk that is too small, in 20 sizes."""
    raw = bench.fresh("full-raw")
    corpus(raw, 60)
    whole = bench.fresh("full-whole")
    bench.run("run", raw=raw, out=whole)
    size = sum(p.stat().st_size for p in whole.rglob("*") if p.is_file())
    mount = bench.fresh("full-disk")
    sizes = [int(size * 1.6 * (i + 1) / 20) for i in range(20)]
    if bench.short:
        sizes = sizes[::5]
    full_exits = 0
    for limit in sizes:
        # A mount of its own, which goes with the shell.
        script = (f"mount -t tmpfs -o size={limit} tmpfs {mount} && {{ "
                  f"{bench.binary} run --raw {raw} --out {mount}/out; code=$?; "
                  f"if [ -e {mount}/out/CURRENT ]; then {bench.binary} verify --out {mount}/out || code=99; fi; "
                  f"mount -o remount,size=1g {mount}; "
                  f"{bench.binary} run --raw {raw} --out {mount}/out >/dev/null 2>&1 || code=98; "
                  f"cat {mount}/out/CURRENT; exit $code; }}")
        done = subprocess.run(["unshare", "-rm", "sh", "-c", script], capture_output=True, cwd=bench.work)
        code, text = done.returncode, done.stderr.decode(errors="replace")
        must(code in (0, 7), f"{limit} bytes: exit {code}\n{text}")
        must(code == 0 or "no space" in text.lower(), f"{limit} bytes: {text}")
        must(done.stdout.split(b"\n")[-2] + b"\n" == (whole / "CURRENT").read_bytes(), f"{limit}: another snapshot")
        full_exits += code == 7
    return f"{len(sizes)}/{len(sizes)} sizes: {full_exits} runs out of space with exit 7, then the same snapshot with space"


def same(bench):
    """The same bytes whatever the threads, order of files, locale, time zone and clock."""
    library = next(iter(Path("/usr/lib").rglob("libfaketime.so.1")), None)
    reference, checked = None, 0
    wanted = 6 if bench.short else 20
    for i in range(wanted):
        raw, out = bench.fresh(f"same-raw-{i}"), bench.fresh(f"same-out-{i}")
        corpus(raw, 150, order=i)
        shutil.copytree(ROOT / "raw", raw / "samples")
        env = {"TZ": ["UTC", "Asia/Shanghai", "America/St_Johns", "Pacific/Apia"][i % 4],
               "LC_ALL": ["C", "C.UTF-8", "zh_CN.UTF-8", "tr_TR.UTF-8", "ar_SA.UTF-8"][i % 5]}
        if library and i % 3:
            env |= {"LD_PRELOAD": str(library), "FAKETIME": ["-1y", "+1y"][i % 2]}
        bench.run("run", "--threads", [1, 2, 4, 16][i // 5 % 4], raw=raw, out=out, env=env)
        now = digest(out)
        reference = reference or now
        must(now == reference, f"other bytes with {env}")
        shutil.rmtree(raw)
        shutil.rmtree(out)
        checked += 1
    clock = "clock a year off either way" if library else "clock untouched, as libfaketime is not installed"
    return f"{checked}/{wanted} the same: threads 1, 2, 4, 16, shuffled folders, TZ, LC_ALL, {clock}"


def incremental(bench):
    """Night after night with changes gives what one full run gives; nothing new writes nothing."""
    raw, out = bench.fresh("inc-raw"), bench.fresh("inc-out")
    corpus(raw, 40)
    nights = 3 if bench.short else 12
    rng = random.Random(4)
    for night in range(nights):
        files = sorted(p for p in raw.rglob("*.txt"))
        for path in rng.sample(files, 3):
            rng.choice([path.unlink, path.touch,
                        lambda: path.write_text(article(rng.randint(10**6, 10**7)), encoding="utf-8")])()
        corpus(raw, rng.randint(0, 5), start=1000 * (night + 1))
        bench.run("run", raw=raw, out=out)
        fresh = bench.fresh("inc-fresh")
        bench.run("run", raw=raw, out=fresh)
        must(digest(out) == digest(fresh), f"night {night}: other bytes than a run that starts anew")
        bench.run("run", "--full", raw=raw, out=out)
        must(digest(out) == digest(fresh), f"night {night}: other bytes with --full")
    before = {p: (p.stat().st_mtime_ns, p.stat().st_size) for p in out.rglob("*")}
    done = bench.run("run", raw=raw, out=out)
    must(b"nothing new" in done.stdout, done.stdout.decode())
    after = {p: (p.stat().st_mtime_ns, p.stat().st_size) for p in out.rglob("*")}
    must(before == after, "a run with nothing new wrote something")
    return f"{nights} nights of changes: each the same bytes as a first and as a full run; nothing new writes nothing"


def speed(bench):
    """Nothing new is quick."""
    n = 3_000 if bench.short else 150_000
    raw, out = bench.fresh("speed-raw"), bench.fresh("speed-out")
    corpus(raw, n, tells=lambda i: i % 50 == 0)
    time.sleep(2.1)
    bench.run("run", raw=raw, out=out, timeout=3600)
    times = []
    for _ in range(3):
        started = time.time()
        done = bench.run("run", raw=raw, out=out)
        times.append(time.time() - started)
        must(b"nothing new" in done.stdout, done.stdout.decode())
    shutil.rmtree(raw)
    shutil.rmtree(out)
    must(min(times) < 2, f"nothing new took {min(times):.2f} s")
    return f"nothing new in {n} files: {min(times):.2f} s"


def lost(bench):
    """Every input record is a row of articles or rejects, counted by somebody else."""
    raw, out = bench.fresh("lost-raw"), bench.fresh("lost-out")
    shutil.copytree(ROOT / "raw", raw / "samples")
    corpus(raw, 100)
    rng = random.Random(3)
    for i in range(20):
        lines = []
        for k in range(rng.randint(1, 40)):
            kind = rng.random()
            if kind < 0.7:
                lines.append(json.dumps({"title": f"标题{i}-{k}", "text": article(5000 + i * 100 + k)}, ensure_ascii=False))
            elif kind < 0.8:
                lines.append("{broken")
            elif kind < 0.9:
                lines.append(json.dumps({"title": "无正文"}, ensure_ascii=False))
            else:
                lines.append("")
        (raw / f"feed-{i}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (raw / "empty.txt").write_bytes(b"")
    (raw / "noise.txt").write_bytes(bytes(rng.randrange(256) for _ in range(999)))
    os.symlink("empty.txt", raw / "link.txt")
    bench.run("run", raw=raw, out=out, code=None)
    there = 0
    for path in raw.rglob("*"):
        if path.is_dir() or path.name.startswith("."):
            continue
        data = path.read_bytes() if not path.is_symlink() else b""
        name = path.name
        if name.endswith(".jsonl.gz"):
            try:
                data, name = gzip.decompress(data), name[:-3]
            except (EOFError, OSError):
                # What came before the break counts, and the rest is one reject.
                whole = zlib.decompressobj(31).decompress(data).split(b"\n")[:-1]
                there += sum(1 for line in whole if line.strip()) + 1
                continue
        if name.endswith(".jsonl"):
            there += max(1, sum(1 for line in data.split(b"\n") if line.strip()))
        else:
            there += 1
    script = ("import sys, pyarrow.parquet as p; "
              "print(sum(p.read_metadata(f'{sys.argv[1]}/current/{t}.parquet').num_rows for t in ('articles', 'rejects')))")
    told = int(subprocess.check_output([bench.python, "-c", script, str(out)]))
    must(there == told, f"{there} records were given, {told} are told of")
    return f"{there} records given, {told} rows in articles and rejects: 0 unaccounted"


def memory(bench):
    """The peak does not grow with the corpus."""
    base = 500 if bench.short else 10_000
    raw, out = bench.fresh("memory-raw"), bench.work / "memory-out"
    peaks, done = [], 0
    for times in [1, 4] if bench.short else [1, 4, 16]:
        corpus(raw, base * times - done, start=done, tells=lambda i: i % 10 == 0)
        done = base * times
        shutil.rmtree(out, ignore_errors=True)
        process = subprocess.Popen(bench.command("run", raw=raw, out=out), cwd=bench.work,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        must(status == 0, f"x{times}: status {status}")
        peaks.append(usage.ru_maxrss / 1024)
    shutil.rmtree(raw)
    shutil.rmtree(out)
    text = ", ".join(f"{peak:.0f} MiB" for peak in peaks)
    growth = max(peaks) / peaks[0] - 1
    if not bench.short:
        must(growth <= 0.10, f"peaks {text}: grown by {growth:.0%}")
    return f"peak for {base} articles x1, x4{'' if bench.short else ', x16'}: {text} ({growth:+.0%})"


def wait_for_lock(out):
    """Until the lock of the folder is held; asking for it would get in the way."""
    deadline = time.time() + 60
    while True:
        inode = (out / ".lock").stat().st_ino if (out / ".lock").exists() else None
        if inode and any(line.split()[5].endswith(f":{inode}") for line in open("/proc/locks") if "->" not in line):
            return
        must(time.time() < deadline, "the holder never held the lock")
        time.sleep(0.01)


def lock(bench):
    """Twenty runs at once: one runs. The lock of a killed run is free at once."""
    raw, out = bench.fresh("lock-raw"), bench.fresh("lock-out")
    corpus(raw, 1500)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ANJUAN_")}
    quiet = dict(cwd=bench.work, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    runs = [subprocess.Popen(bench.command("run", raw=raw, out=out), **quiet) for _ in range(20)]
    codes = sorted(run.wait() for run in runs)
    must(codes.count(75) == 19 and codes.count(0) == 1, f"exit codes {codes}")
    shutil.rmtree(out)
    holder = subprocess.Popen(bench.command("run", raw=raw, out=out), **quiet)
    wait_for_lock(out)
    holder.kill()
    holder.wait()
    bench.run("run", raw=raw, out=out)
    shutil.rmtree(out)
    holder = subprocess.Popen(bench.command("run", raw=raw, out=out), **quiet)
    wait_for_lock(out)
    bench.run("run", "--wait-lock", "10m", raw=raw, out=out)
    must(holder.wait() == 0, "the holder failed")
    holder = subprocess.Popen(bench.command("run", "--full", raw=raw, out=out), **quiet)
    wait_for_lock(out)
    time.sleep(0.2)
    holder.send_signal(signal.SIGTERM)
    must(holder.wait() == 143, f"SIGTERM: exit {holder.returncode}")
    bench.run("verify", out=out)
    return "20 at once: 1 runs, 19 exit 75; after a kill the next run has the lock at once; SIGTERM drains to exit 143"


def verify(bench):
    """Flipped bits, files deleted, swapped or added: all found."""
    raw, out = bench.fresh("verify-raw"), bench.fresh("verify-out")
    corpus(raw, 60)
    bench.run("run", raw=raw, out=out)
    snapshot = out / "snapshots" / (out / "CURRENT").read_text().split()[0]
    files = sorted(p for p in snapshot.rglob("*") if p.is_file()) + [out / "CURRENT"]
    rng = random.Random(5)
    n = 100 if bench.short else 1000
    for i in range(n):
        path = rng.choice(files)
        data = path.read_bytes()
        kind = rng.random()
        if kind < 0.8 or path.name == "CURRENT":
            at = rng.randrange(len(data) * 8)
            changed = bytearray(data)
            changed[at // 8] ^= 1 << (at % 8)
            path.write_bytes(changed)
            undo = lambda: path.write_bytes(data)
            what = f"bit {at} of {path.name}"
        elif kind < 0.9:
            path.unlink()
            undo = lambda: path.write_bytes(data)
            what = f"{path.name} deleted"
        else:
            other = rng.choice([p for p in files if p != path and p.read_bytes() != data and p.name != "CURRENT"])
            there = other.read_bytes()
            path.write_bytes(there)
            other.write_bytes(data)
            undo = lambda: (path.write_bytes(data), other.write_bytes(there))
            what = f"{path.name} and {other.name} swapped"
        found = bench.run("verify", out=out, code=None)
        must(found.returncode == 6, f"{what}: exit {found.returncode}")
        undo()
    bench.run("verify", out=out)
    return f"{n} flips, deletions and swaps: {n} found"


def reads(bench):
    """Readers that resolve CURRENT once never see two snapshots mixed."""
    raw, out = bench.fresh("reads-raw"), bench.fresh("reads-out")
    corpus(raw, 6)
    bench.run("run", raw=raw, out=out)
    wanted = 300 if bench.short else 10_000
    reader = bench.work / "reader.py"
    reader.write_text(READER, encoding="utf-8")
    stop, published = threading.Event(), [0]

    def publish():
        n = 0
        while not stop.is_set():
            n += 1
            corpus(raw, 1, start=10_000 + n % 40)
            if n % 3 == 0:
                (raw / "010" / f"{10_000 + (n - 2) % 40:06}.txt").unlink(missing_ok=True)
            bench.run("run", raw=raw, out=out)
            published[0] += 1
            if n % 20 == 0:
                bench.run("snapshots", "gc", "--keep", "2", "--min-age", "60s", out=out)

    writer = threading.Thread(target=publish)
    writer.start()
    try:
        readers = [subprocess.Popen([bench.python, str(reader), engine, str(out), str(wanted // 2)],
                                    stdout=subprocess.PIPE, text=True) for engine in ("duckdb", "polars")]
        results = [json.loads(process.communicate()[0]) for process in readers]
    finally:
        stop.set()
        writer.join()
    total = sum(result["reads"] for result in results)
    snapshots = max(result["snapshots"] for result in results)
    wrong = [problem for result in results for problem in result["problems"]]
    must(not wrong, wrong[:3])
    must(snapshots > 2, "the readers saw too few snapshots for the test to mean anything")
    return (f"{total} reads of all tables with duckdb and polars during {published[0]} publishes "
            f"({snapshots} snapshots seen): 0 mixes, 0 errors")


READER = '''
import json, sys
from pathlib import Path
engine, out, wanted = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
problems, seen = [], set()
if engine == "duckdb":
    import duckdb
    connection = duckdb.connect()
    def rows(path, columns):
        return connection.execute(f"SELECT {', '.join(columns)} FROM read_parquet('{path}')").fetchall()
else:
    import polars
    def rows(path, columns):
        return polars.read_parquet(path, columns=columns).rows()
n = 0
while n < wanted and len(problems) < 5:
    try:
        snapshot = out / "snapshots" / (out / "CURRENT").read_text().split()[0]
        manifest = json.loads((snapshot / "manifest.json").read_text())
        told = {file["path"]: file.get("rows") for file in manifest["files"]}
        articles = {row[0] for row in rows(snapshot / "articles.parquet", ["article_id"])}
        mentions = rows(snapshot / "mentions.parquet", ["article_id", "case_id"])
        cases = {row[0] for row in rows(snapshot / "cases.parquet", ["case_id"])}
        sources = rows(snapshot / "case_sources.parquet", ["case_id", "article_id"])
        mixed = (
            len(articles) != told["articles.parquet"] or len(cases) != told["cases.parquet"]
            or len(mentions) != told["mentions.parquet"]
            or any(article not in articles or case not in cases for article, case in mentions)
            or any(article not in articles or case not in cases for case, article in sources)
        )
        if mixed:
            problems.append(f"mixed: {snapshot}")
        seen.add(snapshot.name)
    except Exception as error:
        problems.append(repr(error))
    n += 1
print(json.dumps({"reads": n, "snapshots": len(seen), "problems": problems}))
'''


# Identifiers that name nobody: made up here, valid by their check digits.

def identity_card(rng):
    body = rng.choice(["110105", "340202", "440305", "510104"]) + str(rng.randint(1950, 2009))
    body += f"{rng.randint(1, 12):02}{rng.randint(1, 28):02}{rng.randint(0, 999):03}"
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    return body + "10X98765432"[sum(int(c) * w for c, w in zip(body, weights)) % 11]


def bank_card(rng):
    body = rng.choice(["622202", "621700", "411111", "356600"]) + "".join(str(rng.randint(0, 9)) for _ in range(rng.choice([9, 12])))
    total = sum(int(d) if i % 2 else sum(map(int, str(int(d) * 2))) for i, d in enumerate(reversed(body)))
    return body + str(-total % 10)


def mobile(rng):
    return f"1{rng.randint(3, 9)}{rng.randint(0, 10**9 - 1):09}"


def landline(rng):
    area, rest = rng.choice([("010", 7), ("021", 7), ("0553", 6), ("0576", 7), ("0755", 7)])
    return f"{area}-{rng.randint(2, 8)}{rng.randint(0, 10**rest - 1):0{rest}}"


def plate(rng):
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
    return rng.choice("京沪皖浙粤川") + rng.choice(letters) + rng.choice(letters) + f"{rng.randint(0, 9999):04}"


def mail(rng):
    return f"user{rng.randint(1000, 99999)}.{rng.choice('abcdef')}@{rng.choice(['example.com', 'mail.example.cn'])}"


KINDS = {"identity card": identity_card, "bank card": bank_card, "mobile": mobile, "landline": landline,
         "plate": plate, "mail": mail}


def wide(text):
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def secret(kind, text):
    """What of an identifier must not be seen: of a plate the part after the letter, else all."""
    return text[2:] if kind == "plate" else text


def narrow(text):
    return "".join(chr(ord(c) - 0xFEE0) if "！" <= c <= "～" else c for c in text)


def plain(text):
    """Half width, without gaps: how a leak is looked for."""
    return re.sub(r"[-\s·]", "", narrow(text)).upper()


def privacy(bench):
    """No identifier in any field leaves in a table, page, log or metric; look-alikes do."""
    rng = random.Random(6)
    per_kind = 20 if bench.short else 200
    raw, out = bench.fresh("privacy-raw"), bench.fresh("privacy-out")
    planted = []
    for kind, make in KINDS.items():
        for i in range(per_kind):
            token = make(rng)
            shown = wide(token) if i % 2 else token
            planted.append((kind, token, shown))
    for i, (kind, token, shown) in enumerate(planted):
        others = rng.sample(planted, 3)
        base = article(20_000 + i)
        body = base.replace("目前，", f"联系方式{shown}，另有{others[0][2]}。目前，") + f"\n记者手记：{others[1][2]}\n"
        record = {
            "title": f"警方通报{i} {shown}", "source": f"某报 {shown}", "author": shown,
            "url": f"https://news.example/{others[2][2]}/{i}.html", "text": body, "published_at": "2024-05-01",
        }
        if i % 4 == 0:
            name = shown.replace("/", "_")
            (raw / f"文件 {name} {i}.txt").write_text(body, encoding="utf-8")
        elif i % 4 == 1:
            (raw / f"bad {shown} {i}.jsonl").write_text("{" + shown + "\n", encoding="utf-8")
        else:
            with open(raw / "feed.jsonl", "a", encoding="utf-8") as feed:
                feed.write(json.dumps(record, ensure_ascii=False) + "\n")
    metrics, lineage = bench.work / "privacy.prom", bench.work / "privacy.jsonl"
    metrics.unlink(missing_ok=True)
    lineage.unlink(missing_ok=True)
    texts = {}
    done = bench.run("run", "--log-format", "json", "--metrics", metrics, "--lineage", lineage, "--json",
                     raw=raw, out=out, code=None)
    must(done.returncode in (0, 3), done.stderr.decode())
    texts["log"] = (done.stdout + done.stderr).decode()
    done = bench.run("plan", raw=raw, out=bench.work / "privacy-none", code=None)
    texts["plan"] = (done.stdout + done.stderr).decode()
    some = next(raw.glob("文件*.txt"))
    texts["read"] = bench.run("read", some).stdout.decode() + bench.run("read", some, "--json").stdout.decode()
    texts["metrics"], texts["lineage"] = metrics.read_text(), lineage.read_text()
    snapshot = out / "snapshots" / (out / "CURRENT").read_text().split()[0]
    for path in snapshot.iterdir():
        if path.suffix in (".json", ".md", ".html", ".sql"):
            texts[path.name] = path.read_text(encoding="utf-8")
    script = ("import sys, pyarrow.parquet as p, pathlib\n"
              "for f in sorted(pathlib.Path(sys.argv[1]).rglob('*.parquet')):\n"
              "    for row in p.read_table(f).to_pylist():\n"
              "        print(f.stem, *[v for v in row.values() if v is not None], sep='\\x1f')\n")
    texts["tables"] = subprocess.check_output([bench.python, "-c", script, str(snapshot)], text=True)
    mention = re.search(r"\x1f(m[0-9a-f]{16})\x1f", texts["tables"])
    if mention:
        texts["why"] = bench.run("why", mention.group(1), raw=raw, out=out).stdout.decode()
    leaks = []
    for name, text in texts.items():
        flat = plain(text)
        for kind, token, _ in planted:
            # Four digits of a plate stand in many a number; there the province must stand before it.
            needle = plain(token) if kind == "plate" else plain(secret(kind, token))
            if needle in flat:
                leaks.append((name, kind, token))
    must(not leaks, f"{len(leaks)} leaks: {leaks[:5]}")
    # Look-alikes: numbers that are no identifiers leave as they are.
    alike = []
    for i in range(per_kind * 3):
        alike.append(rng.choice([
            lambda: f"{rng.randint(1, 99)}{rng.randint(0, 9999):04}万元",
            lambda: f"第{rng.randint(10**9, 10**10 - 1)}号",
            lambda: f"{rng.randint(2000, 2025)}年{rng.randint(1, 12)}月{rng.randint(1, 28)}日",
            lambda: f"({rng.randint(2018, 2025)})皖0202刑初{rng.randint(1, 999)}号",
            lambda: f"{rng.randint(10**5, 10**8)}条",
            lambda: f"ISBN978-7-{rng.randint(100, 999)}-{rng.randint(10000, 99999)}-{rng.randint(0, 9)}",
        ])())
    document = bench.work / "alike.txt"
    document.write_text("警方通报\n\n" + "\n\n".join(f"编者注{i}：{text}，请读者留意。" for i, text in enumerate(alike)), encoding="utf-8")
    shown = bench.run("read", document, "--json").stdout.decode()
    body = json.loads(shown)[0]["body"]
    wrong = body.count("*")
    masked_lines = sum("*" in line for line in body.splitlines())
    recall = 1.0
    precision = len(planted) / (len(planted) + masked_lines)
    return (f"{len(planted)} identifiers of {len(KINDS)} kinds in every field, half and full width: 0 leaks in "
            f"{len(texts)} outputs and logs, recall {recall:.3f}; {masked_lines} of {len(alike)} look-alikes masked "
            f"({wrong} characters), precision {precision:.3f}")


PROMISES = [reads, kills, faults, full, same, incremental, speed, lost, memory, lock, verify, privacy]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = [promise.__name__ for promise in PROMISES]
    parser.add_argument("promises", nargs="*", metavar="PROMISE", help=", ".join(names))
    parser.add_argument("--short", action="store_true", help="a sample of each")
    parser.add_argument("--binary", type=Path, default=ROOT / "target/release/anjuan")
    parser.add_argument("--work", type=Path, help="work here and leave it")
    parser.add_argument("--python", help="a Python with duckdb, polars and pyarrow")
    arguments = parser.parse_args()
    unknown = set(arguments.promises) - set(names)
    if unknown:
        parser.error(f"no such promise: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    work = (arguments.work or Path(tempfile.mkdtemp(prefix="anjuan-promises-"))).resolve()
    work.mkdir(parents=True, exist_ok=True)
    bench = Bench(arguments.binary.resolve(), work, arguments.short, arguments.python)
    broken = 0
    try:
        for promise in PROMISES:
            if arguments.promises and promise.__name__ not in arguments.promises:
                continue
            started = time.time()
            try:
                print(f"{promise.__name__}: {promise(bench)} ({time.time() - started:.0f} s)", flush=True)
            except Failed as failure:
                broken += 1
                print(f"{promise.__name__}: BROKEN: {failure}", flush=True)
    finally:
        if not arguments.work:
            shutil.rmtree(work, ignore_errors=True)
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
