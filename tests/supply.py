"""Check: licences, sources and names of all packages against deny.toml, by what cargo knows, without a network.

    python3 tests/supply.py

`cargo deny` does this and more, but takes longer to build than anjuan itself. This reads the same configuration and looks at
every package that the graph of dependencies reaches on any platform.
"""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main():
    rules = tomllib.loads((ROOT / "deny.toml").read_text("utf-8"))
    packages = json.loads(cargo("metadata", "--format-version", "1"))["packages"]
    built = reach()
    reached = [package for package in packages if (package["name"], package["version"]) in built]
    problems = list(check(rules, reached))
    # The check itself must be able to refuse.
    assert list(check(rules, [{"name": "reqwest", "version": "1", "source": "git+https://example.org", "license": "GPL-3.0 AND MIT"}]))
    print(f"{len(reached)} packages, {len(problems)} problems", *problems, sep="\n  ")
    return 1 if problems else 0


def reach():
    """Names and versions of what is built, which is less than the lock file names."""
    lines = cargo("tree", "--target", "all", "--edges", "normal,build", "--prefix", "none").splitlines()
    return {(name, version.removeprefix("v")) for name, version, *_ in (line.split() for line in lines if line)}


def cargo(command, *options):
    command = ["cargo", command, "--locked", "--offline", *options]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def check(rules, packages):
    sources = {f"registry+{registry}" for registry in rules["sources"]["allow-registry"]}
    banned = {entry["crate"] for entry in rules["bans"]["deny"]}
    exceptions = {entry["crate"]: entry["allow"] for entry in rules["licenses"]["exceptions"]}
    for package in packages:
        name = f"{package['name']} {package['version']}"
        if package["source"] is not None and package["source"] not in sources:
            yield f"{name} comes from {package['source']}"
        if package["name"] in banned:
            yield f"{name} is banned"
        allowed = {*rules["licenses"]["allow"], *exceptions.get(package["name"], [])}
        if not satisfied(package["license"], allowed):
            yield f"{name} has licence {package['license']}"


def satisfied(expression, allowed):
    """Whether an SPDX expression holds where `allowed` do."""
    if not expression:
        return False
    tokens = re.findall(r"\(|\)|\bAND\b|\bOR\b|[^\s()/]+(?: WITH [^\s()/]+)?|/", expression)
    words = {"AND": "and", "OR": "or", "/": "or", "(": "(", ")": ")"}
    # Only `and`, `or`, brackets and truth values are left.
    return eval(" ".join(words.get(token, str(token in allowed)) for token in tokens), {})


if __name__ == "__main__":
    sys.exit(main())
