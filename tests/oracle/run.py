"""Runs a trailquet binary over many awkward trails: python tests/oracle/run.py --binary PATH [--seeds A..B] [--keep DIR]

For every seed and layout, each step against the oracle or, byte for byte, against the files of the first run:

    first     one export of the whole trail: rows, rejects, files, exit code, summary
    second    once more: exit 0, nothing put, no byte changed
    window    a random choice of dates, accounts and regions into a fresh target, then the whole trail into it
    split     the files in 2 to 4 source folders, one after another in random order, into a fresh target
    race      the same folders at the same time
    crash     an export killed at a random moment, then a whole one
    ledger    a random part of the ledger deleted (the format marker stays), then all of it; export again each time

Says how to replay a failure; the last line is `N passed, N failed`. Needs duckdb and pyarrow.
"""

from __future__ import annotations

import argparse
import os
import random
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import awkward
import check
import oracle

TIMEOUT = 300


class Case:
    """One trail and all that is done with it."""

    def __init__(self, binary: str, seed: int, layout: str, folder: Path, moot: bool):
        self.binary, self.folder = binary, folder
        self.rng = random.Random(f"run {seed} {layout}")
        self.source = awkward.make(seed, layout, folder / "trail", moot)
        self.layout = "flat" if layout == "flat" else "tree"
        self.expected = oracle.compute([self.source], self.layout)
        self.parquet: dict = {}  # the files of the first run
        self.seconds = 0.0

    def command(self, source: Path, target: Path, *more: str) -> list[str]:
        flags = ["--layout", "flat"] if self.layout == "flat" else []
        return [self.binary, "export", "--source", str(source), "--target", str(target), "--json", *flags, *more]

    def start(self, *arguments) -> subprocess.Popen:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TRAILQUET")}
        return subprocess.Popen(self.command(*arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, errors="replace", env=environment)  # fmt: skip

    def finish(self, process: subprocess.Popen, problems: list) -> dict:
        """The summary; the exit code must fit it."""
        command = shlex.join(process.args)
        try:
            out, err = process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            problems.append(f"no end after {TIMEOUT} s: {command}")
            return {}
        try:
            summary = check.last_object(out)
        except ValueError as error:
            problems.append(f"exit code {process.returncode}, no summary ({error}): {command}\n    {err.strip()[-1500:]}")
            return {}
        shape = check.check_shape(summary)
        problems += shape
        if not shape:
            code = 3 if summary["rows"]["rejects"] or summary["objects"]["failed"] or summary["objects"]["unavailable"] else 0
            if process.returncode != code:
                problems.append(f"exit code {process.returncode}, expected {code}: {command}\n    {err.strip()[-1500:]}")
        return {} if shape else summary

    def export(self, problems: list, *arguments) -> dict:
        return self.finish(self.start(*arguments), problems)

    def same_files(self, target: Path) -> list[str]:
        """A target's tables are those of the first run, byte for byte."""
        found = contents(target, ledger=False)
        problems = [f"{key} {difference(self.parquet.get(key), found.get(key))}" for key in sorted(self.parquet.keys() | found.keys())
                    if self.parquet.get(key) != found.get(key)]  # fmt: skip
        return problems + (check.check(self.expected, target, 2)[:5] if problems else [])

    # ---- the steps

    def first(self, problems: list) -> None:
        target, begun = self.folder / "first", time.monotonic()
        summary = self.export(problems, self.source, target)
        self.seconds = time.monotonic() - begun
        problems += check.check(self.expected, target)
        if summary:
            problems += check.check_summary(self.expected, summary)
        self.parquet = contents(target, ledger=False)

    def second(self, problems: list) -> None:
        target = self.folder / "first"
        before = contents(target, ledger=True)
        summary = self.export(problems, self.source, target)
        if summary:
            problems += check.check_idle(self.expected, summary)
        after = contents(target, ledger=True)
        problems += [f"second run: {key} {difference(before.get(key), after.get(key))}" for key in sorted(before.keys() | after.keys())
                     if before.get(key) != after.get(key)]  # fmt: skip

    def window(self, problems: list) -> None:
        target, rng = self.folder / "window", self.rng
        listed, _ = oracle.listing(self.source, self.layout, oracle.Selection())
        dates = sorted({name.date for _, name in listed})
        since, until = sorted(rng.choices(dates, k=2))
        selection = oracle.Selection(rng.choice((since, None)), rng.choice((until, None)))
        if rng.random() < 0.5:
            selection.accounts = rng.sample(awkward.ACCOUNTS, rng.choice((1, 2)))
        if rng.random() < 0.5:
            selection.regions = [rng.choice(awkward.REGIONS)]
        flags = [f"{flag}={value}" for flag, values in (
            ("--from", [selection.since]), ("--to", [selection.until]), ("--account", selection.accounts), ("--region", selection.regions),
        ) for value in values if value]  # fmt: skip
        expected = oracle.compute([self.source], self.layout, selection)
        summary = self.export(problems, self.source, target, *flags)
        problems += check.check(expected, target)
        if summary:
            problems += check.check_summary(expected, summary)
        if problems:
            problems.insert(0, f"the window was {shlex.join(flags)}")
        self.export(problems, self.source, target)
        problems += self.same_files(target)

    def parts(self) -> list[Path]:
        """The trail's files spread over several folders, each with at least one log object."""
        folder, rng = self.folder / "parts", self.rng
        count = rng.randrange(2, 5)
        sources = [folder / str(number) for number in range(count)]
        if folder.exists():
            return sorted(folder.iterdir())
        listed = [key for key, _ in oracle.listing(self.source, self.layout, oracle.Selection())[0]]
        sure = dict(zip(rng.sample(listed, count), sources))
        for key in sorted(str(path.relative_to(self.source)) for path in self.source.rglob("*") if path.is_file()):
            path = sure.get(key, rng.choice(sources)) / key
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(self.source / key, path)
        return sources

    def total(self, summaries: list, problems: list) -> None:
        """The rows that all runs put are the rows that are there."""
        if all(summaries):
            rows = sum(summary["rows"]["metrics"] - summary["rows"]["replaced"] for summary in summaries)
            rejects = sum(summary["rows"]["rejects"] for summary in summaries)
            if (rows, rejects) != (self.expected.rows(), len(self.expected.rejects)):
                problems.append(f"all runs together put {rows} rows and {rejects} rejects, "
                                f"expected {self.expected.rows()} and {len(self.expected.rejects)}")  # fmt: skip

    def split(self, problems: list) -> None:
        target, sources = self.folder / "split", self.parts()
        self.rng.shuffle(sources)
        self.total([self.export(problems, source, target) for source in sources], problems)
        problems += self.same_files(target)

    def race(self, problems: list) -> None:
        target = self.folder / "race"
        processes = [self.start(source, target) for source in self.parts()]
        self.total([self.finish(process, problems) for process in processes], problems)
        problems += self.same_files(target)

    def crash(self, problems: list) -> None:
        target = self.folder / "crash"
        for _ in range(2):
            process = self.start(self.source, target)
            time.sleep(self.rng.uniform(0, self.seconds))
            process.kill()
            process.communicate()
        self.export(problems, self.source, target)
        problems += self.same_files(target)

    def ledger(self, problems: list) -> None:
        target = self.folder / "first"
        for everything in (False, True):
            files = sorted(path for path in (target / "_ledger").rglob("*") if path.is_file())
            gone = [path for path in files if everything or (path.name != "format.json" and self.rng.random() < 0.5)]
            for path in gone:
                path.unlink()
            summary = self.export(problems, self.source, target)
            if summary and (summary["rows"]["metrics"] or summary["rows"]["replaced"] or summary["rows"]["rejects"] or summary["files_written"]):
                problems.append(f"after a lost ledger: rows {summary['rows']}, files_written {summary['files_written']}; nothing should change")
            problems += self.same_files(target)
            if problems:
                names = "all" if everything else [str(path.relative_to(target)) for path in gone]
                problems.append(f"deleted before: {names}")
                return


def contents(target: Path, ledger: bool) -> dict[str, bytes]:
    paths = ((path.relative_to(target).as_posix(), path) for path in target.rglob("*") if path.is_file())
    return {key: path.read_bytes() for key, path in paths if ledger or not key.startswith("_ledger/")}


def difference(old: bytes | None, new: bytes | None) -> str:
    if old is None or new is None:
        return "was not there" if old is None else "is gone"
    return f"differs ({len(old)} and {len(new)} bytes)"


STEPS = (Case.first, Case.second, Case.window, Case.split, Case.race, Case.crash, Case.ledger)


def run(arguments, seed: int, layout: str) -> bool:
    folder = Path(arguments.keep, f"{seed}-{layout}") if arguments.keep else Path(tempfile.mkdtemp(prefix="awkward-"))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    good = True
    try:
        case = Case(arguments.binary, seed, layout, folder, arguments.moot)
        for step in STEPS:
            problems: list[str] = []
            step(case, problems)
            if problems:
                good = False
                print(f"FAILED seed {seed}, {layout}, {step.__name__}: {len(problems)} problems")
                print("\n".join(f"  {problem}" for problem in problems[: arguments.limit]))
    finally:
        if not arguments.keep:
            shutil.rmtree(folder, ignore_errors=True)
    if not good:
        replay = [sys.executable, sys.argv[0], "--binary", arguments.binary, "--seeds", f"{seed}..{seed}", "--layouts", layout,
                  *(["--moot"] if arguments.moot else []), "--keep", arguments.keep or "kept"]  # fmt: skip
        print(f"replay: {shlex.join(replay)}", flush=True)
    return good


def main() -> None:
    parser = argparse.ArgumentParser(description="Run a trailquet binary over awkward trails.")
    parser.add_argument("--binary", required=True)
    parser.add_argument("--seeds", default="0..4", help="A..B, both included (default: 0..4)")
    parser.add_argument("--layouts", default=",".join(awkward.LAYOUTS))
    parser.add_argument("--moot", action="store_true", help="also the cases where the contract leaves room")
    parser.add_argument("--keep", help="a folder in which trails and targets stay")
    parser.add_argument("--limit", type=int, default=20, help="problems printed per step")
    arguments = parser.parse_args()
    first, _, last = arguments.seeds.partition("..")
    results = [run(arguments, seed, layout) for seed in range(int(first), int(last or first) + 1) for layout in arguments.layouts.split(",")]
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    sys.exit(not all(results))


if __name__ == "__main__":
    main()
