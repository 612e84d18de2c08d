"""Is what trailquet wrote what the oracle says? python tests/oracle/check.py TRAIL... --target TARGET [--flat] [--summary FILE]

Reads the Parquet files with pyarrow and with DuckDB, each on its own, and compares row by row: doubles by their bits
(any NaN is NaN), times in UTC milliseconds. With one TRAIL the target may stand second: check.py TRAIL TARGET.
The file of --summary is what `export --json` printed; its last line is compared too. Exit code 1 on any difference.
"""

from __future__ import annotations

import argparse
import json
import re
import struct
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

import oracle

ARROW = {"string": pa.string(), "bigint": pa.int64(), "int": pa.int32(), "double": pa.float64(), "boolean": pa.bool_(),
         "timestamp": pa.timestamp("ms", tz="UTC")}  # fmt: skip
PHYSICAL = {"string": "BYTE_ARRAY", "bigint": "INT64", "int": "INT32", "double": "DOUBLE", "boolean": "BOOLEAN", "timestamp": "INT64"}
DUCKDB = {"string": "VARCHAR", "bigint": "BIGINT", "int": "INTEGER", "double": "DOUBLE", "boolean": "BOOLEAN",
          "timestamp": "TIMESTAMP WITH TIME ZONE"}  # fmt: skip
REJECT_COLUMNS = [("reason", "string", False), ("detail", None, None), ("source_object", "string", False), ("record_index", None, False),
                  ("metric_index", None, True), ("event_id", "string", True), ("raw", None, None), ("extraction", "int", False)]  # fmt: skip
PATH = re.compile(r"(metrics|rejects)/account=([A-Za-z0-9-]{1,64})/region=([A-Za-z0-9-]{1,64})/date=([0-9]{4}-[0-9]{2}-[0-9]{2})/part-00000\.parquet")
CANONICAL_NAN = 0x7FF8 << 48
SUMMARY = {"objects": {"listed", "read", "skipped", "failed", "unavailable", "pending", "ignored", "failed_before"},
           "bytes": {"compressed", "decompressed"}, "calls": {"seen", "rejected"}, "points": {"seen", "rejected"},
           "rows": {"metrics", "duplicates", "replaced", "runs", "rejects"}, "files_written": None,
           "requests": {"list", "get", "put"}, "elapsed_seconds": None}  # fmt: skip


def bits(cell: float) -> int:
    return struct.unpack("<Q", struct.pack("<d", cell))[0]


def exact_cell(cell):
    """A cell to compare with ==, and nothing equal that is not the same."""
    if isinstance(cell, float):
        return ("double", CANONICAL_NAN if cell != cell else bits(cell))
    return (type(cell).__name__, cell)


def tables(target: Path):
    """({(table, account, region, date): path}, problems): what lies under a target, _ledger aside."""
    found, problems = {}, []
    for path in sorted(target.rglob("*")):
        key = path.relative_to(target).as_posix()
        if key.startswith("_ledger/") or path.is_dir():
            continue
        match = PATH.fullmatch(key)
        if match:
            found[match.groups()] = path
        elif not key.startswith("runs/"):
            problems.append(f"a file that should not be there: {key}")
    return found, problems


def check_file(path: Path, columns: list, key: tuple) -> list[str]:
    """The file's own form: types, compression, nulls, statistics."""
    file, problems = pq.ParquetFile(path), []
    meta, schema, arrow = file.metadata, file.schema, file.schema.to_arrow_schema()
    at = f"{key[0]} of {'/'.join(key[1:])}"
    names = [column for column, _, _ in columns]
    if list(schema.names) != names:
        problems.append(f"{at}: columns {schema.names}, expected {names}")
    if meta.format_version != "1.0":
        problems.append(f"{at}: Parquet version {meta.format_version}")
    if meta.num_rows == 0:
        problems.append(f"{at}: a file without rows")
    for number, name in enumerate(schema.names):
        kind, nullable = {column: rest for column, *rest in columns}.get(name, (None, None))
        column = schema.column(number)
        if kind and (arrow.field(number).type != ARROW[kind] or column.physical_type != PHYSICAL[kind]):
            problems.append(f"{at}: {name} is {column.physical_type} {column.logical_type}, expected {kind}")
        if nullable is not None and (column.max_definition_level > 0) != nullable:
            problems.append(f"{at}: {name} is {'optional' if column.max_definition_level else 'required'}")
        for group in range(meta.num_row_groups):
            chunk = meta.row_group(group).column(number)
            stats = chunk.statistics
            if chunk.compression != "ZSTD":
                problems.append(f"{at}: {name} is compressed with {chunk.compression}")
            if stats is None:
                problems.append(f"{at}: {name} has no statistics")
            elif nullable is False and stats.null_count:
                problems.append(f"{at}: {name} has NULLs")
            elif kind == "double" and stats.has_min_max and (stats.min != stats.min or stats.max != stats.max):
                problems.append(f"{at}: {name} has NaN in its statistics")
    return problems


def read_arrow(path: Path) -> list[dict]:
    table = pq.ParquetFile(path).read()
    for number, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            table = table.set_column(number, field.name, table.column(number).cast(pa.timestamp("ms", field.type.tz)).cast(pa.int64()))
    return table.to_pylist()


def read_duckdb(target: Path, table: str, columns: list) -> tuple[dict, list[str]]:
    """({partition: rows}, problems), the partition's values as strings from the path."""
    files = sorted(str(path) for path in (target / table).rglob("*.parquet"))
    if not files:
        return {}, []
    connection = duckdb.connect(config={"threads": 1})
    relation = "read_parquet(?, hive_partitioning = true, hive_types_autocast = false)"
    kinds = dict(connection.execute(f"SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM {relation})", [files]).fetchall())
    problems = [f"DuckDB: {name} of {table} is {kinds.get(name)}" for name, kind, _ in columns if kind and kinds.get(name) != DUCKDB[kind]]
    problems += [f"DuckDB: {name} of {table} is {kinds.get(name)}" for name in ("account", "region", "date") if kinds.get(name) != "VARCHAR"]
    if any(kinds.get(name) is None for name, _, _ in columns):
        return {}, problems
    cells = [f'epoch_ms("{name}")' if kind == "timestamp" else f'"{name}"' for name, kind, _ in columns]
    found: dict = {}
    for account, region, date, *row in connection.execute(f'SELECT account, region, "date", {", ".join(cells)} FROM {relation}', [files]).fetchall():
        found.setdefault((account, region, date), []).append(dict(zip((name for name, _, _ in columns), row)))
    return found, problems


def compare(what: str, columns: list[str], expected: dict, found: list, limit: int, cases: dict) -> list[str]:
    """Both by their key: {key: row} and [(key, row)]."""
    problems, seen = [], {}
    case = lambda key: f"[{cases.get(key[0]) or cases.get(key[:2]) or '?'}]"
    for key, row in found:
        if key in seen:
            problems.append(f"{what}: twice {key}")
        seen[key] = row
    for key in sorted(seen.keys() - expected.keys(), key=repr)[:limit]:
        problems.append(f"{what}: too much {case(key)} {key}\n    {dict(zip(columns, seen[key]))}")
    for key in sorted(expected.keys() - seen.keys(), key=repr)[:limit]:
        problems.append(f"{what}: missing {case(key)} {key}\n    {dict(zip(columns, expected[key]))}")
    for key in sorted(expected.keys() & seen.keys(), key=repr):
        for column, want, have in zip(columns, expected[key], seen[key]):
            if exact_cell(want) != exact_cell(have):
                problems.append(f"{what}: {case(key)} {key}: {column} is {have!r}, expected {want!r}\n    {dict(zip(columns, expected[key]))}")
    return problems


def expected_tables(expected: oracle.Expected) -> dict:
    """{(table, account, region, date): {key: row}}"""
    wanted = {("metrics", *partition): rows for partition, rows in expected.metrics.items()}
    for reject in expected.rejects:
        key = (reject.source_object, reject.record_index, reject.metric_index)
        rows = wanted.setdefault(("rejects", *reject.partition), {})
        rows[key] = tuple(getattr(reject, column) for column in oracle.REJECTS)
    return wanted


def keyed(table: str, rows: list[dict]) -> list:
    if table == "metrics":
        return [((row.get("event_id"), row.get("metric_index")), tuple(row.get(name) for name in oracle.METRIC_NAMES)) for row in rows]
    return [(tuple(row.get(name) for name in oracle.REJECTS[1:4]), tuple(row.get(name) for name in oracle.REJECTS)) for row in rows]


def check(expected: oracle.Expected, target: Path, limit: int = 5) -> list[str]:
    """All differences between a target and what is expected of it."""
    found, problems = tables(target)
    wanted = expected_tables(expected)
    problems += [f"no file for {'/'.join(key)}" for key in sorted(wanted.keys() - found.keys())]
    problems += [f"a file for {'/'.join(key)}, where no row belongs" for key in sorted(found.keys() - wanted.keys())]
    schemas = {"metrics": (oracle.METRICS, oracle.METRIC_NAMES), "rejects": (REJECT_COLUMNS, oracle.REJECTS)}
    for key in sorted(found):
        columns, names = schemas[key[0]]
        problems += check_file(found[key], columns, key)
        rows = read_arrow(found[key])
        problems += compare("pyarrow " + "/".join(key), names, wanted.get(key, {}), keyed(key[0], rows), limit, expected.cases)
        if key[0] == "metrics":
            problems += check_rows(rows, key)
        else:
            problems += [f"{'/'.join(key)}: a reject without detail {row}" for row in rows if not row.get("detail")]
    for table, (columns, names) in schemas.items():
        parts, trouble = read_duckdb(target, table, columns)
        problems += trouble
        for partition in sorted(parts.keys() | {key[1:] for key in wanted if key[0] == table}):
            key = (table, *partition)
            problems += compare("DuckDB " + "/".join(key), names, wanted.get(key, {}), keyed(table, parts.get(partition, [])), limit, expected.cases)
    return problems


def check_rows(rows: list[dict], key: tuple) -> list[str]:
    at, problems = "/".join(key), []
    runs = [row["trial_component_name"].encode() for row in rows]
    if runs != sorted(runs):
        problems.append(f"{at}: not sorted by trial_component_name")
    problems += [f"{at}: a NaN that is not the canonical one" for row in rows if row["value"] != row["value"] and bits(row["value"]) != CANONICAL_NAN]
    problems += [f"{at}: event_time {row['event_time']} of another date" for row in rows if oracle.date_of(row["event_time"]) != key[3]]
    return problems


def check_shape(summary) -> list[str]:
    """The summary's keys, its sums and that its numbers are counts."""
    problems = []
    for key, names in SUMMARY.items():
        value = summary.get(key)
        numbers = value if isinstance(value, dict) else {key: value}
        if names is not None and set(numbers) != names:
            problems.append(f"summary: {key} has {sorted(numbers)}, expected {sorted(names)}")
        for name, number in numbers.items():
            if isinstance(number, bool) or not isinstance(number, (int, float) if key == "elapsed_seconds" else int) or number < 0:
                problems.append(f"summary: {key}.{name} is {number!r}")
    if set(summary) != set(SUMMARY):
        problems.append(f"summary: keys {sorted(summary)}, expected {sorted(SUMMARY)}")
    if problems:
        return problems
    objects, points, rows = summary["objects"], summary["points"], summary["rows"]
    if objects["listed"] != sum(objects[name] for name in ("read", "skipped", "failed", "unavailable", "pending")):
        problems.append(f"summary: listed is not the sum: {objects}")
    if points["seen"] != rows["metrics"] + rows["duplicates"] + points["rejected"]:
        problems.append(f"summary: points.seen is not the sum: {points} {rows}")
    return problems


def check_summary(expected: oracle.Expected, summary: dict) -> list[str]:
    """The summary of a first run into a fresh target."""
    problems = check_shape(summary)
    if problems:
        return problems
    counts, rows, objects = expected.counts, summary["rows"], summary["objects"]
    partitions = len(expected_tables(expected))
    for what, have, want in (
        *((f"objects.{name}", objects[name], counts[name]) for name in ("listed", "read", "skipped", "failed", "ignored")),
        *((f"objects.{name}", objects[name], 0) for name in ("unavailable", "pending", "failed_before")),
        ("calls.seen", summary["calls"]["seen"], counts["calls_seen"]), ("calls.rejected", summary["calls"]["rejected"], counts["calls_rejected"]),
        ("points.seen", summary["points"]["seen"], counts["points_seen"]),
        ("points.rejected", summary["points"]["rejected"], counts["points_rejected"]), ("rows.rejects", rows["rejects"], len(expected.rejects)),
        ("rows.metrics - rows.replaced", rows["metrics"] - rows["replaced"], expected.rows()),
    ):  # fmt: skip
        if have != want:
            problems.append(f"summary: {what} is {have}, expected {want}")
    if not counts["bytes_read"] <= summary["bytes"]["compressed"] <= counts["bytes_listed"]:
        problems.append(f"summary: bytes.compressed is {summary['bytes']['compressed']}, expected {counts['bytes_read']} to {counts['bytes_listed']}")
    if summary["bytes"]["decompressed"] < counts["bytes_unpacked"]:
        problems.append(f"summary: bytes.decompressed is {summary['bytes']['decompressed']}, expected at least {counts['bytes_unpacked']}")
    if summary["files_written"] < partitions or (partitions == 0 and summary["files_written"]):
        problems.append(f"summary: files_written is {summary['files_written']} of {partitions} partitions")
    return problems


def check_idle(expected: oracle.Expected, summary: dict) -> list[str]:
    """The summary of a second run: nothing to do."""
    problems = check_shape(summary)
    if problems:
        return problems
    for key, name in [("requests", "put"), ("calls", "seen"), ("points", "seen"), *(("rows", name) for name in SUMMARY["rows"]),
                      *(("objects", name) for name in ("read", "failed", "unavailable", "pending"))]:  # fmt: skip
        if summary[key][name]:
            problems.append(f"second run: {key}.{name} is {summary[key][name]}, expected 0")
    if summary["files_written"]:
        problems.append(f"second run: files_written is {summary['files_written']}, expected 0")
    if summary["objects"]["failed_before"] != expected.counts["failed"]:
        problems.append(f"second run: objects.failed_before is {summary['objects']['failed_before']}, expected {expected.counts['failed']}")
    return problems


def last_object(text: str) -> dict:
    """The summary: one object on the last line of stdout."""
    lines = text.strip().splitlines()
    value = json.loads(lines[-1]) if lines else None
    if not isinstance(value, dict):
        raise ValueError("the last line is no JSON object")
    return value


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare what trailquet wrote with the oracle.")
    parser.add_argument("paths", nargs="+", type=Path, metavar="TRAIL", help="source folders; the last is the target without --target")
    parser.add_argument("--target", type=Path)
    parser.add_argument("--summary", type=Path, help="what `export --json` printed on the first run")
    parser.add_argument("--limit", type=int, default=20, help="differences printed")
    oracle.selection_arguments(parser)
    arguments = parser.parse_args()
    sources = arguments.paths if arguments.target else arguments.paths[:-1]
    if not sources:
        parser.error("a trail and a target are needed")
    target = arguments.target or arguments.paths[-1]
    expected = oracle.compute(sources, arguments.layout, oracle.selected(arguments))
    problems = check(expected, target)
    if arguments.summary:
        problems += check_summary(expected, last_object(arguments.summary.read_text()))
    for problem in problems[: arguments.limit]:
        print(problem)
    print(f"{expected.rows()} rows, {len(expected.rejects)} rejects expected; {len(problems)} differences")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
