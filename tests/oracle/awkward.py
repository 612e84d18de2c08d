"""A small nasty trail, the same for the same seed: python tests/oracle/awkward.py --seed N --out DIR [--layout L] [--moot]

Prints the source folder to give to trailquet. Every record says in its field `apiVersion` which case it is of.
Cases marked as moot (where the contract leaves room, see oracle.py) are made only with --moot.
"""

from __future__ import annotations

import argparse
import datetime
import gzip
import json
import os
import random
import zlib
from pathlib import Path

LAYOUTS = ("plain", "organization", "controltower", "prefix", "flat", "mixed")
ACCOUNTS = ("012345678901", "111122223333", "1234567890abcdef0")
REGIONS = ("us-east-1", "eu-central-1")
STARTS = ("2024-02-27", "2023-12-29", "2022-12-13", "2024-10-30")
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
SOURCE = "metrics-sagemaker.amazonaws.com"
COMPONENT = "AWS::SageMaker::ExperimentTrialComponent"
LONE = "\\ud800"  # as JSON source
MISSING = object()


class Raw(str):
    """JSON source, to be written as it is; lone surrogates U+DC80..U+DCFF stand for single bytes that are not UTF-8."""


class Pairs(list):
    """An object as pairs, so that keys may repeat; a key may be Raw."""


def raw_bytes(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def dump(value, style) -> str:
    """JSON in a style of (ascii only, indent, odd white space)."""
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict):
        value = Pairs(value.items())
    if isinstance(value, Pairs):
        return style.wrap("{", [dump(key, style) + style.colon() + dump(item, style) for key, item in value], "}")
    if isinstance(value, list):
        return style.wrap("[", [dump(item, style) for item in value], "]")
    return json.dumps(value, ensure_ascii=style.ascii)


class Style:
    def __init__(self, rng: random.Random, kind: str):
        self.rng, self.kind, self.ascii = rng, kind, rng.random() < 0.5

    def space(self) -> str:
        return {"compact": "", "pretty": "\r\n  "}.get(self.kind) or (
            "".join(self.rng.choices(" \t\n\r", k=self.rng.randrange(3))) if self.kind == "odd" else "")

    def colon(self) -> str:
        return self.space() + ":" + self.space()

    def wrap(self, head: str, items: list, tail: str) -> str:
        return head + self.space() + (self.space() + "," + self.space()).join(items) + self.space() + tail


class Trail:
    def __init__(self, seed: int, layout: str, moot: bool = False):
        self.rng, self.layout, self.moot = random.Random(f"{seed} {layout} {moot}"), layout, moot
        self.files: dict[str, bytes] = {}
        first = datetime.date.fromisoformat(self.rng.choice(STARTS))
        self.days = [first + datetime.timedelta(n) for n in (0, 1, 2, 3, 4, 9)]
        self.root = {"controltower": "o-exampleorg", "prefix": "team/AWSLogs/logs"}.get(layout, "")
        self.org = {account: layout in ("organization", "controltower") or (layout == "mixed" and n > 0)
                    for n, account in enumerate(ACCOUNTS)}
        self.case = "filler"
        self.pool: list = []  # (account, region, day, record) not yet in a file

    # ---- small parts

    def uuid(self) -> str:
        bits = f"{self.rng.getrandbits(128):032x}"
        return "-".join((bits[:8], bits[8:12], bits[12:16], bits[16:20], bits[20:]))

    def place(self):
        return self.rng.choice(ACCOUNTS), self.rng.choice(REGIONS), self.rng.choice(self.days)

    def name(self, place, minute: str | None = None, separator: str = "_", unique: str | None = None) -> str:
        account, region, day = place
        minute = minute or f"{self.rng.randrange(24):02}{self.rng.randrange(0, 60, 5):02}"
        unique = unique or "".join(self.rng.choices(ALPHABET, k=16))
        return f"{account}_CloudTrail_{region}_{day:%Y%m%d}T{minute}Z{separator}{unique}.json.gz"

    def folder(self, place, org: bool | None = None) -> str:
        account, region, day = place
        if self.layout == "flat":
            return self.rng.choice(("", "a", "a/b", "a/b/c c", f"{day:%Y}/{account}"))
        org = self.org[account] if org is None else org
        return f"AWSLogs/{'o-exampleorg/' if org else ''}{account}/CloudTrail/{region}/{day:%Y/%m/%d}"

    def put(self, folder: str, name: str, data: bytes) -> None:
        self.files[f"{folder}/{name}".lstrip("/")] = data

    def log(self, records: list, kind: str | None = None) -> str:
        style = Style(self.rng, kind or self.rng.choice(("compact", "compact", "pretty", "odd")))
        return dump({"Records": records}, style)

    def pack(self, text: str) -> bytes:
        return gzip.compress(text.encode("utf-8", "surrogateescape"), self.rng.choice((1, 6, 9)), mtime=0)

    def file(self, place, content, name: str | None = None) -> str:
        """A whole log object of its own: records, a text, or bytes."""
        if isinstance(content, list):
            content = self.log(content)
        name = name or self.name(place)
        self.put(self.folder(place), name, self.pack(content) if isinstance(content, str) else content)
        return name

    def add(self, record, place=None) -> None:
        """Into some file of that account, region and day."""
        place = place or self.place()
        self.pool.append((place, record(place) if callable(record) else record))

    # ---- records

    def point(self, **over) -> dict:
        at = 1_670_366_870_000 + self.rng.randrange(10**7) * 1000
        point = {"metricName": self.rng.choice(("loss", "Train:loss", "validation:accuracy", "métrique/é 😀")), "timestamp": at,
                 "step": self.rng.randrange(1000), "value": round(self.rng.uniform(-5, 5), self.rng.randrange(18))}
        if self.rng.random() < 0.2:
            del point["step"]
        return change(point, over)

    def call(self, place, points: list | None = None, **over) -> dict:
        account, region, day = place
        rng, run = self.rng, self.rng.choice(("exp-run-1", "exp-run-2", "Upper-Case", "a"))
        at = datetime.datetime.combine(day, datetime.time(rng.randrange(24), rng.randrange(60), rng.randrange(60)))
        arn = f"arn:aws:sagemaker:{region}:{account}:experiment-trial-component/{run.lower()}"
        record = {
            "eventVersion": rng.choice(("1.08", "1.11")),
            "userIdentity": {"type": "AssumedRole", "principalId": "AIDA:x", "arn": f"arn:aws:sts::{account}:assumed-role/r/x",
                             "accountId": account, "sessionContext": {"attributes": {"mfaAuthenticated": "false"}}},
            "eventTime": at.isoformat() + "Z", "eventSource": SOURCE, "eventName": "BatchPutMetrics", "awsRegion": region,
            "sourceIPAddress": "192.0.2.1", "userAgent": rng.choice(("Boto3/1.26 md/x", "aws-cli/2.7.25", "é 😀 \\ \" \n")),
            "requestParameters": {"trialComponentName": run,
                                  "metricData": [self.point() for _ in range(rng.choice((1, 2, 3, 10)))] if points is None else points},
            "responseElements": rng.choice((None, {}, {"errors": []})),
            "requestID": self.uuid(), "eventID": self.uuid(), "apiVersion": self.case, "readOnly": False,
            "resources": [{"accountId": account, "type": COMPONENT, "ARN": arn}],
            "eventType": "AwsApiCall", "managementEvent": False, "recipientAccountId": account, "eventCategory": "Data",
        }  # fmt: skip
        if rng.random() < 0.2:
            record["vpcEndpointId"] = "vpce-0123456789abcdef0"
        record = change(record, over)
        items = list(record.items())
        if rng.random() < 0.3:
            rng.shuffle(items)
        return dict(items)

    def other(self, place, **over) -> dict:
        """A record that is not ours."""
        account, region, day = place
        return change({
            "eventVersion": "1.08", "eventTime": f"{day}T12:00:00Z", "eventSource": self.rng.choice(("s3.amazonaws.com", "kms.amazonaws.com")),
            "eventName": "GetObject", "awsRegion": region, "eventID": self.uuid(), "apiVersion": self.case,
            "requestParameters": {"bucketName": "b", "key": "x" * self.rng.randrange(40)}, "recipientAccountId": account,
        }, over)  # fmt: skip

    def ours(self, points: list | None = None, place=None, **over) -> dict:
        """Adds a call; its points and fields as told."""
        place = place or self.place()
        record = self.call(place, points, **over)
        self.add(record, place)
        return record

    def each(self, field: str, values) -> None:
        """Points that differ in one field, a few to a call."""
        values = list(values)
        self.rng.shuffle(values)
        while values:
            size = self.rng.randrange(1, 9)
            self.ours([self.point(**{field: value}) for value in values[:size]])
            values = values[size:]

    def correction(self, original: dict, place, points=None, **over) -> dict:
        addendum = {"reason": "UPDATED_DATA", "updatedFields": "requestParameters", "originalEventID": original["eventID"],
                    "originalRequestID": original["requestID"]}
        return self.call(place, points, **{"eventTime": original["eventTime"], "addendum": addendum} | over)

    # ---- the whole

    def build(self) -> None:
        always = (each_call_reason, point_reasons)
        chosen = [case for case in CASES if self.rng.random() < 0.75 or case in always] + (MOOT if self.moot else [])
        for case in chosen:
            self.case = case.__name__
            case(self)
        self.case = "filler"
        for _ in range(40):
            self.ours()
        while len(self.pool) < 150:
            self.add(self.other)
        self.rng.shuffle(self.pool)
        by_place: dict = {}
        for place, record in self.pool:
            by_place.setdefault(place, []).append(record)
        for place in sorted(by_place):
            records = by_place[place]
            while records:
                size = self.rng.choice((1, 2, 3, 5, 8, 13))
                self.file(place, records[:size])
                records = records[size:]

    def write(self, out: Path) -> Path:
        for number, key in enumerate(sorted(self.files)):
            path = out / self.root / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.files[key])
            os.utime(path, (1_700_000_000 + number, 1_700_000_000 + number))
        return out / self.root


def change(record: dict, over: dict) -> dict:
    record = record | over
    return {key: value for key, value in record.items() if value is not MISSING}


def reverse_escaped(text: str) -> Raw:
    return Raw('"' + "".join(f"\\u{ord(char):04X}" for char in text) + '"')


def noon(day, days: int = 0, time: str = "12:00:00") -> str:
    return f"{day + datetime.timedelta(days)}T{time}Z"


# ------------------------------------------------------------------------------------------ the cases

CASES: list = []
MOOT: list = []


def case(function):
    CASES.append(function)
    return function


def moot(function):
    MOOT.append(function)
    return function


def lone_text(rng) -> Raw:
    """A JSON string that cannot be Unicode, by escape or by bytes."""
    return Raw('"x%s"' % rng.choice((
        LONE, "\\udfff", "\\ude00\\ud83d", "\\ud83d\\u0041", "\\ud83dA", LONE + raw_bytes(b"\xed\xb0\x80"),
        raw_bytes(b"\xff"), raw_bytes(b"\xc0\x80"), raw_bytes(b"\xed\xa0\x80"), raw_bytes(b"\xf5\x80\x80\x80"),
        raw_bytes(b"\xe2\x82"), raw_bytes(b"\xed\xa0\xbd\xed\xb8\x80"), raw_bytes(b"a\x80b"))))  # fmt: skip


def hidden(t: Trail, record: dict) -> None:
    point, run = t.point(), {"trialComponentName": "run"}
    record["requestParameters"] = t.rng.choice((
        "HIDDEN_DUE_TO_SECURITY_REASONS", None, {}, {"omitted": True, "originalSize": 123456, "reason": "requestParameters too large"},
        run, run | {"metricData": []}, run | {"metricData": None}, run | {"metricData": "HIDDEN_DUE_TO_SECURITY_REASONS"},
        run | {"metricData": {"0": point}}, [point], 7, run | {"MetricData": [point]}))  # fmt: skip
    if t.rng.random() < 0.2:
        del record["requestParameters"]


def spoil_text(t: Trail, record: dict) -> None:
    field = t.rng.choice(("userAgent", "requestID", "sourceIPAddress", "eventVersion", "vpcEndpointId", "identity", "resource"))
    if field == "identity":
        record["userIdentity"] = {"type": "AssumedRole", t.rng.choice(("arn", "accountId", "type")): lone_text(t.rng)}
    elif field == "resource":
        record["resources"] = [{"accountId": lone_text(t.rng), "type": COMPONENT, "ARN": "arn:aws:x:y:z:t/run"}]
    else:
        record[field] = lone_text(t.rng)


def spoil_id(t: Trail, record: dict) -> None:
    record["eventID"] = None
    if t.rng.random() < 0.5:
        del record["eventID"]


def spoil_time(t: Trail, record: dict) -> None:
    record["eventTime"] = t.rng.choice((
        None, 1709251200, "1709251200", "2012-12-31T23:59:59Z", "2023-02-29T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T23:59:60Z",
        "9999-12-31T00:00:00Z", "", "Dec 14, 2022 9:53:41 PM", "2013-01-01T00:30:00+01:00", {}, True))  # fmt: skip
    if t.rng.random() < 0.2:
        del record["eventTime"]


def spoil_partition(t: Trail, record: dict) -> None:
    field = t.rng.choice(("recipientAccountId", "awsRegion"))
    record[field] = t.rng.choice(("../evil", "a/b", "a=b", "x" * 65, "us east", "..", "é", "a_b", "a\u0000", "a%20b", "a\n", "１２"))


def spoil_component(t: Trail, record: dict) -> None:
    record["resources"] = t.rng.choice(([], None, [{"type": COMPONENT}], [{"type": "x", "ARN": None}], "HIDDEN", [1, None]))
    if isinstance(record.get("requestParameters"), dict):
        name = t.rng.choice(({}, {"trialComponentName": None}, {"trialComponentName": 7}, {"resourceArn": None}))
        record["requestParameters"] = {k: v for k, v in record["requestParameters"].items() if k != "trialComponentName"} | name


SPOILERS = (spoil_text, spoil_id, spoil_time, spoil_partition, hidden, spoil_component)


@case
def each_call_reason(t: Trail) -> None:
    for spoil in SPOILERS:
        for _ in range(3):
            spoil(t, t.ours())


@case
def pairs_of_call_reasons(t: Trail) -> None:
    for at, first in enumerate(SPOILERS):
        for second in SPOILERS[at + 1 :]:
            record = t.ours([t.point(), t.point(value=None), 1])
            if first is spoil_text and second is spoil_component:
                record["userAgent"] = lone_text(t.rng)  # the other places go away with the component
            else:
                first(t, record)
            second(t, record)


@case
def point_reasons(t: Trail) -> None:
    rng = t.rng
    bad = {
        "metricName": ("", None, 7, [], True, MISSING, {"a": 1}),
        "value": (None, True, False, "", "abc", [], {}, MISSING, "inf", "nan", "+Infinity", " 1", "1 ", "0x1", "1e400", Raw("1e400"),
                  Raw("-1e309"), Raw("1.7976931348623159e308"), ".", "+", "1e", "１", "1_0", "Infinity ", "INFINITY", "--1"),
        "timestamp": (None, True, "", "soon", [], {}, MISSING, -1, Raw("-1e-2"), Raw("253402300800000"), Raw("1e400"), "1e400", -10**12,
                      "1969-12-31T23:59:59Z", "10000-01-01T00:00:00Z", "9999-12-31T23:30:00-01:00", "2024-02-30", Raw("253402300799999.5"),
                      "2024-01-01T00:00:60Z", "2024-01-01T24:00:00Z", "NaN", "Dec 14, 2022", " 2024-01-01", Raw("1e99999999999")),
        "step": (True, False, "", "x", [], {}, 0.5, Raw("9223372036854775808"), Raw("-9223372036854775809"), Raw("1e400"), "1.5", " 1",
                 Raw("1e-400"), Raw("9223372036854775807.5"), Raw("1e19"), "NaN", "Infinity", Raw("1e99999999999"), "9223372036854775808"),
    }  # fmt: skip
    for field, values in bad.items():
        t.each(field, values)
    points: list = [1, "text", None, [], [t.point()], True, Raw("1e5"), {}]
    for _ in range(40):  # several faults at once: the first in the contract's order counts
        fields = rng.sample(sorted(bad), rng.randrange(1, 5))
        over = {field: rng.choice(bad[field]) for field in fields}
        if rng.random() < 0.4:
            over[rng.choice(sorted(bad))] = lone_text(rng)
        points.append(t.point(**over))
    points += [t.point() for _ in range(10)]
    rng.shuffle(points)
    while points:
        t.ours(points[:10])
        points = points[10:]
    t.ours([1, 2])
    t.ours([t.point(**{"meter": "x", "Value": 1, "METRICNAME": "y"})])


@case
def values(t: Trail) -> None:
    t.each("value", (
        0, 1, -1, Raw("-0"), Raw("-0.0"), Raw("0e999999999999"), Raw("1E5"), Raw("1e+5"), Raw("1.0"), "NaN", "Infinity", "-Infinity",
        "1.5", "-2", "+3", "007", "5.", ".5", "-.5e-3", "1E+2", "-0", Raw("1.7976931348623157e308"), Raw("1.7976931348623158e308"),
        Raw("5e-324"), Raw("2.2250738585072011e-308"), Raw("9007199254740993"), Raw("9007199254740992.99999999999999999999"),
        Raw("123456789012345678901234567890"), Raw("0.1"), Raw("0." + "1234567890" * 30), "0." + "0" * 400 + "1e390", Raw("1" + "0" * 308),
        Raw("1" + "0" * 400 + "e-400"), 0.1 + 0.2, Raw("8.5e-1"), Raw("18446744073709551616"), Raw("-9223372036854775809"),
        "179769313486231570000" + "0" * 288, Raw("2.4703282292062328e-324")))  # fmt: skip


@case
def times(t: Trail) -> None:
    t.each("timestamp", (
        0, Raw("-0"), Raw("-0.0"), 1, 99_999_999_999, 100_000_000_000, Raw("1e11"), Raw("99999999999.9994"), Raw("99999999999.9999"),
        Raw("1e10"), Raw("1.67036687e9"), 1670366870, Raw("1670366870.0005"), Raw("1670366870.00049999999999999999999"),
        Raw("1670366870.1235"), Raw("1670366870.1245"), Raw("1670366870.000500000000000000000000001"), Raw("1670366870000.0"),
        Raw("1670366870000.5"), Raw("1670366870000.4999999999999"), Raw("1670366870001.5"), Raw("253402300799999"),
        Raw("253402300799999.4"), Raw("0.0005"), Raw("0.00049"), Raw("1e-400"), Raw("16703668700000e-1"), Raw("1670366870000e0"),
        "1670366870000", "+1670366870", "1670366870.", "1.670366870e12", ".5", "0001670366870000", "1670366870.0005",
        "2022-12-06T22:47:50Z", "2022-12-06T22:47:50", "2022-12-06t22:47:50z", "2022-12-06 22:47", "20221206T224750Z", "20221206T2247",
        "2022-12-06", "2022-12-06T22:47:50.5+05:30", "2022-12-06T22:47:50,123456789-0800", "20221206T224750.0005+01",
        "2022-12-06T22:47:50.00049999999999999999Z", "2022-12-06T22:47:50.9995Z", "1970-01-01", "9999-12-31T23:59:59.999Z",
        "1969-12-31T23:30:00-01:00", "9999-12-31T23:59:59.9994999Z", "2024-02-29T23:59:59-00:00", "2000-02-29 00:00:00+14:00",
        "20221206 224750,25z", "1970-01-01T00:00:00.0004Z"))  # fmt: skip


@case
def steps(t: Trail) -> None:
    t.each("step", (
        None, MISSING, 0, Raw("-0"), Raw("-0.0"), -1, Raw("1.0"), Raw("1e3"), Raw("9223372036854775807"), Raw("-9223372036854775808"),
        Raw("9223372036854775807.0"), Raw("922337203685477580.7e1"), Raw("9.007199254740993e15"), Raw("1e18"), "5", "+5", "5.", "005",
        "-9223372036854775808", "9223372036854775807", "1e3", "0e99999999999", Raw("0.0e-99999999999"), Raw("120e-1"), "9007199254740993"))


@case
def metric_names(t: Trail) -> None:
    t.each("metricName", (
        " ", "a/b", "é😀", "e\u0301", "\u0000", "a\tb\nc", "\ufffd", "\uffff", "x" * 300, "NULL", "nan", Raw('"\\u0061\\/\\ud83d\\ude00\\u0000"'),
        "\u2028", "'\"\\", "date=1", "\u007f", "\ue000", "\U00010000"))


@case
def repeated_keys(t: Trail) -> None:
    for key, first in (("eventSource", "s3.amazonaws.com"), ("eventName", "Other"), ("eventTime", None), ("eventID", "x"), ("userAgent", 1),
                       ("requestParameters", "HIDDEN"), ("recipientAccountId", "../x"), ("userAgent", Raw(f'"{LONE}"')), ("resources", None)):
        for doubled in (True, False):
            place = t.place()
            record = t.call(place)
            last = record.get(key)
            items = [pair for pair in record.items() if pair[0] != key]
            items.insert(t.rng.randrange(len(items)), (key, first if doubled else last))
            items.append((reverse_escaped(key) if t.rng.random() < 0.3 and key != "eventSource" else key, last if doubled else first))
            t.add(Pairs(items), place)
    point = t.point()
    t.ours([Pairs([("value", "bad"), *point.items()]), Pairs([*point.items(), ("value", "bad")]), Pairs([*point.items(), ("step", 7)]),
            Pairs([("metricName", lone_text(t.rng)), *point.items()]), Pairs([*point.items(), ("value", 1), ("value", 2)])])
    run = ("trialComponentName", "run")
    t.ours(requestParameters=Pairs([run, ("metricData", [point]), ("metricData", [t.point(), t.point()])]))
    t.ours(requestParameters=Pairs([run, ("metricData", [point]), ("metricData", [])]))


@case
def escapes(t: Trail) -> None:
    place = t.place()
    record = t.call(place)
    t.add(Pairs([(key if key == "eventSource" else reverse_escaped(key), value) for key, value in record.items()]), place)
    t.ours(eventName=reverse_escaped("BatchPutMetrics"))
    t.ours(eventSource=Raw('"metrics\\u002dsagemaker.amazonaws.com"'))
    t.ours(eventSource=reverse_escaped(SOURCE), userAgent=SOURCE)
    t.ours([Pairs([(reverse_escaped(key), value) for key, value in t.point().items()])])
    t.ours(eventID=reverse_escaped(t.uuid()), eventTime=reverse_escaped(noon(t.days[0])))
    t.ours([t.point(value=reverse_escaped("NaN")), t.point(timestamp=reverse_escaped("2022-12-06")), t.point(step=reverse_escaped("12"))])
    t.ours(userAgent=Raw('"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\uD83D\\uDE00"'))


@case
def needles_elsewhere(t: Trail) -> None:
    for _ in range(2):
        place = t.place()
        whole = t.call(place)
        text = json.dumps({"Records": [whole]})
        t.add(t.other(place, userAgent=SOURCE), place)
        t.add(t.other(place, requestParameters={"key": text, "list": [whole], "record": whole}), place)
        t.add(t.other(place, **{"Records": [whole], "eventName": "BatchPutMetrics"}), place)
        t.add(Pairs([("nested", whole), *t.other(place).items()]), place)
        t.add(Pairs([(json.dumps(whole), 1), *t.other(place, eventName="BatchPutMetrics").items()]), place)
        t.add(t.other(place, userAgent='","eventSource":"%s","eventName":"BatchPutMetrics"' % SOURCE), place)
        t.add(t.other(place, eventSource=[SOURCE], eventName="BatchPutMetrics"), place)
    t.file(place, [t.other(place, userAgent='\\"eventSource":"%s"' % SOURCE)])
    t.file(place, dump({"Records": [], "other": [whole], "Record": whole}, Style(t.rng, "compact")))
    t.ours(additionalEventData={"eventSource": "s3.amazonaws.com", "eventName": "x", "eventID": "inner", "metricData": [1]})
    t.ours(userAgent='"}],"Records":[{"eventSource":"' + SOURCE)
    for over in ({"eventName": "BatchGetMetrics"}, {"eventName": "batchputmetrics"}, {"eventSource": SOURCE.upper()}, {"eventName": None},
                 {"eventSource": SOURCE + ".cn"}, {"eventSource": " " + SOURCE}, {"eventSource": "sagemaker.amazonaws.com"},
                 {"eventName": "BatchPutMetrics "}, {"eventSource": MISSING}, {"eventName": MISSING}, {"eventSource": {"x": SOURCE}}):
        t.ours(**over)


@case
def not_records(t: Trail) -> None:
    place = t.place()
    odd = [1, "text", None, True, [], [t.call(place)], SOURCE, Raw("-1.5e3"), lone_text(t.rng), {}]
    records = odd + [t.call(place) for _ in range(5)]
    t.rng.shuffle(records)
    t.file(place, records)
    t.file(place, [1, SOURCE])
    t.file(place, odd[:5])  # no needle: only the frame is looked at
    t.file(place, dump({"x": 1, "Records": odd[:5]}, Style(t.rng, "odd")))  # a strange frame: parsed after all


@case
def bad_text_used(t: Trail) -> None:
    rng = t.rng
    for key in ("eventID", "eventTime", "recipientAccountId", "awsRegion", "requestID", "sourceIPAddress", "userAgent", "vpcEndpointId",
                "eventVersion"):  # fmt: skip
        t.ours(**{key: lone_text(rng)})
    t.ours(errorCode=lone_text(rng))
    t.ours(errorCode="ValidationException", errorMessage=lone_text(rng))
    for key in ("arn", "type", "accountId"):
        t.ours(userIdentity={"type": "Root", key: lone_text(rng)})
    for key in ("ARN", "accountId"):
        t.ours(resources=[{"type": COMPONENT, key: lone_text(rng)}])
    t.ours(requestParameters={"trialComponentName": lone_text(rng), "metricData": [t.point()]})
    t.ours(requestParameters={"resourceArn": lone_text(rng), "metricData": [t.point()]})
    t.ours(addendum={"reason": "UPDATED_DATA", "originalEventID": lone_text(rng)})
    for key in ("metricName", "value", "timestamp", "step"):
        t.ours([t.point(), t.point(**{key: lone_text(rng)}), t.point()])


@case
def bad_text_unused(t: Trail) -> None:
    rng = t.rng
    for place_of in ("tlsDetails", "eventType", "serviceEventDetails"):
        t.ours(**{place_of: lone_text(rng)})
    t.ours(additionalEventData={"a": [lone_text(rng), {"b": lone_text(rng)}]})
    t.ours(userIdentity={"type": "Root", "principalId": lone_text(rng), "sessionContext": {"x": lone_text(rng)}})
    t.ours([t.point(unit=lone_text(rng)), t.point(**{"other": {"x": lone_text(rng)}})])
    place = t.place()
    t.add(Pairs([(lone_text(rng), 1), *t.call(place).items()]), place)
    t.add(t.other(place, userAgent=lone_text(rng), eventName=lone_text(rng), eventSource=lone_text(rng)), place)
    t.ours(resources=[{"type": "x", "ARN": lone_text(rng)}, {"type": COMPONENT, "ARN": "arn:a/run", "accountId": "1"}])
    t.ours([t.point()], responseElements={"errors": [{"metricIndex": 7, "code": lone_text(rng)}], "x": lone_text(rng)})
    t.file(place, [t.other(place, userAgent=lone_text(rng))])


@case
def numbers_in_unused_fields(t: Trail) -> None:
    for number in ("1e400", "-1e99999999999", "123456789012345678901234567890", "0." + "3" * 500, "-0.0", "1E-400", "9" * 5000):
        t.ours(additionalEventData={"number": Raw(number)}, readOnly=Raw(number))


@case
def deep(t: Trail) -> None:
    for depth in (100, 127, 128, 129, 300):
        t.ours(additionalEventData=Raw("[" * depth + "]" * depth))
        t.ours([t.point(), t.point(value=Raw('{"a":' * depth + "1" + "}" * depth)), t.point()])
        t.add(t.other(t.place(), userAgent=SOURCE, x=Raw("[" * depth + "]" * depth)))


@case
def failed_calls(t: Trail) -> None:
    t.ours([t.point() for _ in range(25)], errorCode="ValidationException", errorMessage="too many", responseElements=None)
    t.ours(errorCode="AccessDenied", responseElements=None)
    t.ours(errorCode="AccessDenied", errorMessage=None, requestParameters=None)
    t.ours(errorCode=None, errorMessage=None)
    t.ours([t.point(value=None), t.point()], errorCode="ThrottlingException", errorMessage="é" * 600)


@case
def partial_failures(t: Trail) -> None:
    points = lambda: [t.point() for _ in range(4)]
    error = lambda index, code="METRIC_LIMIT_EXCEEDED", **more: {"code": code, "metricIndex": index} | more
    for errors in (
        [error(0)], [error(3), error(1, "CONFLICT_ERROR", message="x")], [error(2, "FIRST"), error(2, "SECOND")], [error(4)], [error(-1)],
        [error(Raw("1.0"))], [error(Raw("1e0")), error(0.5), error(Raw("1e99"))], [{"metricIndex": 1}], [{"code": "X"}], "text", {"0": error(0)},
        [None, 7, "x", error(0)], [error(None), error(True), error([]), error(1)], [error(0, None, message=None)],
        [error(1, "A", message=""), error(Raw("-0"), "ZERO")],
    ):  # fmt: skip
        t.ours(points(), responseElements={"errors": errors, "other": 1})
    t.ours([t.point(), 1, t.point(value=None), t.point()], responseElements={"errors": [error(1), error(2), error(3)]})
    t.ours(points(), responseElements={"errors": [error(0, "ENTRY", message="entry")]}, errorCode="CALL", errorMessage="call")
    t.ours(points(), responseElements="HIDDEN_DUE_TO_SECURITY_REASONS")
    t.ours(points(), responseElements=Pairs([("errors", [error(0)]), ("errors", [error(1)])]))


@case
def components(t: Trail) -> None:
    points = lambda: [t.point()]
    ours = {"type": COMPONENT, "ARN": "arn:aws:sagemaker:us-east-1:1:experiment-trial-component/from-arn", "accountId": "999900001111"}
    other = {"type": "AWS::SageMaker::TrainingJob", "ARN": "arn:aws:sagemaker:us-east-1:1:training-job/job", "accountId": "2"}
    for request, resources in (
        ({"trialComponentName": "named", "resourceArn": "arn:x:y/other"}, [ours]), ({"resourceArn": "arn:x:y/z/early"}, [ours]),
        ({}, [ours]), ({}, [other, ours]), ({}, [other]), ({}, [other, dict(other, ARN="arn:b/second")]), ({"trialComponentName": None}, [ours]),
        ({"trialComponentName": 7, "resourceArn": {}}, [None, 1, ours]), ({"trialComponentName": "no-resources"}, []),
        ({"trialComponentName": "none"}, None), ({"trialComponentName": "hidden"}, "HIDDEN_DUE_TO_SECURITY_REASONS"),
        ({"trialComponentName": "odd/name with/ slashes"}, [dict(other, type=None)]), ({"trialComponentName": "half"}, [{"type": COMPONENT}]),
        ({}, [dict(ours, ARN=None), other]),
    ):  # fmt: skip
        t.ours(requestParameters=request | {"metricData": points()}, resources=resources)


@case
def partitions(t: Trail) -> None:
    for over in ({"recipientAccountId": "1234567890abcdef0"}, {"recipientAccountId": "999988887777"}, {"awsRegion": "us-gov-west-1"},
                 {"recipientAccountId": MISSING}, {"recipientAccountId": None}, {"awsRegion": None}, {"awsRegion": MISSING},
                 {"recipientAccountId": "x" * 64}, {"recipientAccountId": "-"}, {"awsRegion": "A"}, {"recipientAccountId": "000000000000"}):
        t.ours(**over)
        t.ours([t.point(), 1], **over)  # the reject stays with the file's account and region


@case
def nullable_fields(t: Trail) -> None:
    for key in ("userIdentity", "sourceIPAddress", "userAgent", "requestID", "eventVersion", "vpcEndpointId", "resources", "responseElements"):
        for value in (MISSING, None):
            t.ours(**{key: value})
    t.ours(userIdentity="HIDDEN_DUE_TO_SECURITY_REASONS")
    t.ours(userIdentity={"type": "AWSService", "invokedBy": "sagemaker.amazonaws.com"})
    t.ours(addendum="x", eventContext=[], unknown={"eventID": 1})


@case
def event_times(t: Trail) -> None:
    place = t.place()
    day = place[2]
    for days, time in ((0, "00:00:00"), (0, "23:59:59"), (-1, "23:59:59"), (1, "00:00:00"), (1, "23:59:59"), (2, "00:00:00"), (-30, "12:00:00"),
                       (-400, "00:00:00"), (3, "00:00:01"), (4, "12:00:00")):  # fmt: skip
        t.ours(place=place, eventTime=noon(day, days, time))
    for text in (f"{day}", f"{day:%Y%m%d}", f"{day:%Y%m%d}T101112Z", f"{day}T23:30:00-01:00", f"{day}t00:30+0100", f"{day} 10:11:12,5",
                 f"{day}T10:11:12.123", "2013-01-01T00:00:00Z", "2012-12-31T23:00:00-01:00"):  # fmt: skip
        t.ours(place=place, eventTime=text)


@case
def late_and_skewed(t: Trail) -> None:
    for _ in range(4):
        account, region, day = place = t.place()
        event = t.call((account, region, day + datetime.timedelta(t.rng.choice((-30, -9, -2, -1, 1)))))
        t.add(event, place)
        t.add(event, (account, region, t.rng.choice(t.days)))


@case
def duplicates(t: Trail) -> None:
    for _ in range(4):
        account, region, day = place = t.place()
        event = t.call(place)
        for other in t.rng.sample(t.days, 2) + [day]:
            t.add(event, (account, region, max(other, day)))
    for field, values in (("userAgent", ("b", "a", None, "", "ab", "é", "\U00010000", "\uffff")), ("errorCode", ("x", None)),
                          ("requestID", ("2", "10")), ("vpcEndpointId", (None, "v"))):  # fmt: skip
        for same_file in (True, False):
            place = t.place()
            event, variants = t.call(place), [change(t.call(place), {})]
            variants = [event | {field: value} for value in values]
            t.rng.shuffle(variants)
            if same_file:
                t.file(place, variants)
            for variant in [] if same_file else variants:
                t.file(place, [variant])
    place = t.place()
    event = t.call(place)
    t.file(place, [event, event, t.call(place), event])
    t.file(place, [event])
    for seconds in ("00:00:01", "00:00:02"):  # the later version of an original wins
        t.add(event | {"eventTime": noon(place[2], 0, seconds), "userAgent": seconds}, place)


@case
def content_ties(t: Trail) -> None:
    """Versions in one file that differ in a single cell: the smaller content wins."""
    base = t.point(step=1, value=1.0, metricName="m")
    for field, values in (
        ("value", (Raw("-0.0"), 0)), ("value", ("NaN", "Infinity")), ("value", ("-Infinity", Raw("-1e308"))), ("value", (-1, -2)),
        ("value", (Raw("5e-324"), Raw("-5e-324"), 0)), ("step", (None, Raw("-9223372036854775808"))), ("step", (0, -1, 10, 9)),
        ("metricName", ("a", "B", "é", "aa")), ("metricName", ("\uffff", "\U00010000")), ("timestamp", (1670366870001, 1670366870000)),
    ):  # fmt: skip
        place = t.place()
        event = t.call(place)
        run = event["requestParameters"]["trialComponentName"]
        versions = [event | {"requestParameters": {"trialComponentName": run, "metricData": [base, base | {field: value}]}} for value in values]
        t.rng.shuffle(versions)
        t.file(place, versions)
    for lists in (([1, base], [base]), ([base | {"metricName": "z"}, base], [base, base | {"metricName": "z"}]),
                  ([base], [1])):  # fmt: skip
        place = t.place()
        event = t.call(place)
        versions = [event | {"requestParameters": {"trialComponentName": "run", "metricData": points}} for points in lists]
        t.rng.shuffle(versions)
        t.file(place, versions)
    place = t.place()
    event = t.call(place, [base])
    t.file(place, [event | {"responseElements": {"errors": [{"metricIndex": 0, "code": "X"}]}}, event])
    t.file(place, [event | {"requestParameters": {"trialComponentName": name, "metricData": [base]}} for name in ("b", "a", "B")])


@case
def corrections(t: Trail) -> None:
    rng = t.rng
    for _ in range(2):
        account, region, day = place = t.place()
        later = (account, region, t.days[-1])
        for where in ("same file", "later", "before"):
            original = t.call(place)
            correction = t.correction(original, place, [t.point()])
            if where == "same file":
                records = [original, correction]
                rng.shuffle(records)
                t.file(place, records)
            else:
                t.file(place, [original if where == "later" else correction])
                t.file(later, [correction if where == "later" else original])
        original = t.call(place)  # two corrections with another, and with the same event time
        second = {"eventTime": noon(day, 0, "23:59:59")}
        t.add(original, place)
        t.add(t.correction(original, place, **second), later)
        t.add(t.correction(original, place, eventTime=noon(day, 0, "00:00:00")), place)
        t.add(t.correction(original, place, **second), place)
        t.add(t.correction(original | {"eventID": t.uuid()}, place), place)  # of an event that never came
        original = t.call(place)
        t.add(original, place)
        t.add(t.correction(original, place, eventTime=noon(day, -1)), place)  # across dates: stands beside
        t.add(t.correction(original, place, recipientAccountId="999988887777"), place)
        original = t.call(place, eventTime=noon(day, 0, "20:00:00"))
        t.add(original, place)
        t.add(t.correction(original, place, [1, t.point(value=None)]), place)  # no usable point: replaces nothing
        t.add(t.correction(original, place, [], eventTime=noon(day)), place)
        t.add(t.correction(original, place, eventTime=noon(day, 0, "01:00:00")), place)  # older, yet before the original
        original = t.call(place)
        first = t.correction(original, place)
        t.add(original, place)
        t.add(first, place)
        t.add(t.correction(first, place), place)  # of a correction: under the id that it names
        for number in range(3):  # the same correction in several files, with several contents
            t.add(first | {"userAgent": f"copy {rng.randrange(3)}"}, later if number else place)
        original = t.call(place)
        own = t.correction(original, place)
        t.add(original, place)
        t.add(own | {"addendum": own["addendum"] | {"originalEventID": own["eventID"]}}, place)  # of itself


@case
def no_corrections(t: Trail) -> None:
    for addendum in ({"reason": "DELIVERY_DELAY"}, {"reason": "UPDATED_DATA"}, {"reason": "UPDATED_DATA", "originalEventID": None},
                     {"reason": "UPDATED_DATA", "originalEventID": 7}, None, [], "UPDATED_DATA", {"originalEventID": "x"}):  # fmt: skip
        t.ours(addendum=addendum)
    place = t.place()
    original = t.call(place)
    t.add(original, place)
    delayed = t.correction(original, place)
    t.add(delayed | {"addendum": delayed["addendum"] | {"reason": "SERVICE_OUTAGE"}}, place)


@case
def bad_objects(t: Trail) -> None:
    for kind in range(17):
        place = t.place()
        text = t.log([t.call(place), t.other(place)])
        good = t.pack(text)
        crc = bytearray(good)
        crc[-5 - t.rng.randrange(4)] ^= 1 << t.rng.randrange(8)
        size = bytearray(good)
        size[-1 - t.rng.randrange(4)] ^= 1 << t.rng.randrange(8)
        method = bytearray(good)
        method[2] = 7
        nowhere = len(good) // 2
        t.file(place, (
            good[: t.rng.randrange(1, len(good))], good[:-1], good[:-8], bytes(crc), bytes(size), good + b"\0", good + b"\n", good + good,
            good + t.pack(t.log([t.call(place)])), good + gzip.compress(b"", mtime=0), b"", text.encode("utf-8", "surrogateescape"),
            zlib.compress(text.encode("utf-8", "surrogateescape")), bytes(method), gzip.compress(good, mtime=0), b"\x1f\x8b",
            good[:nowhere] + bytes(8) + good[nowhere:])[kind])  # fmt: skip
    place = t.place()
    named = bytearray(t.pack(t.log([t.call(place)])))
    named[3] = 8  # a header with a file name is fine
    t.file(place, bytes(named[:10]) + b"name.json\0" + bytes(named[10:]))


@case
def bad_texts(t: Trail) -> None:
    place = t.place()
    for needle in (True, False):
        record = dump(t.call(place) if needle else t.other(place), Style(t.rng, "compact"))
        for text in (
            "[%s]", "%s", "null", '"%s"' % SOURCE, "", " ", '{"Records":%s}', '{"Records":null,"x":[%s]}', '{"x":[%s]}', '{"records":[%s]}',
            '{"Records":[%s],"Records":[]}', '{"Records":[],"Records":[%s]}', '{"Records":[%s],"Records":null}', '{"Records":"x","Records":[%s]}',
            '{"Records":[%s]} ', '{"Records":[%s]}x', '{"Records":[%s]}}', '{"Records":[%s]', '{"Records":[%s,]}', '{"Records":[%s,,{}]}',
            "{'Records':[%s]}", '{"Records":[%s NaN]}', '{"Records":[%s,NaN]}', '{"Records":[%s,{"a":-Infinity}]}', '{"Records":[%s,01]}',
            '{"Records":[%s,{"a":1.}]}', '{"Records":[%s,{"a":.5}]}', '{"Records":[%s,{"a":+1}]}', '{"Records":[%s,{"a":"\t"}]}',
            '{"Records":[%s,{"a":"\\x"}]}', '{"Records":[%s,{"a":"\\u12g4"}]}', '{"Records":[%s,{"a" 1}]}', '{"Records":[%s,{"a":1,}]}',
            '{"Records":[%s,tru]}', '{"Records":[%s,True]}', '{"Records":[%s,{a:1}]}', '{"Records":[%s],}', '{"Records":[%s]/**/}',
            '{"Records":[%s,{"a":"\x00"}]}', '{"Records":[%s,"\x1f"]}', '{"Records":[%s,"\x7f"]}', '{"x":{"Records":[%s]},"Records":[]}',
            '\n{\t"Records"\r:\n[ %s ] } \r\n', '{"Records":[%s],"more":{"a":[1]}}', '{"first":1,"Records":[%s]}', '{"R\\u0065cords":[%s]}',
            '{"Records":[%s],"x":"' + LONE + '"}', '{"Records":[%s],"x":"' + raw_bytes(b"\xff") + '"}', '{"Records":[%s,' + raw_bytes(b"\xff") + "]}",
            '{"Records":[%s]}\x0b', '\x0c{"Records":[%s]}', '{"Records":[%s]}\x0c', '{"Records":[%s\x0c]}',
            '{"Records":[%s]}\xa0', '{"Records":[%s\xa0]}', '{"Records":[]}', '{"Records":[ ]}', '{"Records":[%s}',
            '{"Records":[%s]}\x00', '{"Records":[%s,{"a":1e}]}', '{"Records":[%s,{"a":-}]}', '{"Records":[%s,"unfinished]}', '{"Records":[%s]]}',
        ):  # fmt: skip
            if t.rng.random() < 0.25:
                t.file(t.place(), text.replace("%s", record))


@case
def empty_and_big(t: Trail) -> None:
    place = t.place()
    t.file(place, [])
    t.file(place, [t.other(place) for _ in range(300)])
    t.file(place, [t.call(place) if n % 7 else t.other(place) for n in range(300)], name=None)
    t.ours([t.point() for _ in range(3000)])
    t.ours(userAgent="x" * 100_000)
    t.file(place, [t.other(place, userAgent="y" * 200_000), t.call(place)])


@case
def names(t: Trail) -> None:
    place = t.place()
    for unique in ("a", "A", "0", "00", "000", "AA", "aa", "z" * 19, "Z" * 19, "9" * 19, "0" * 19, "A" * 19, "a" * 18, "0a", "a0", "T0000Z"):
        for separator in ("_", ""):
            if t.rng.random() < 0.6:
                t.file(place, [t.call(place)], t.name(place, t.rng.choice(("0000", "2359")), separator, unique))
    for account, region in (("a", "b"), ("-", "-"), ("A-b-C", "x" * 64), ("9" * 64, "R")):
        strange = (account, region, t.days[1])
        t.org.setdefault(account, False)
        t.file(strange, [t.call(strange), 1])
        strange = (account, region, datetime.date(2098, 1, 1))  # after today
        t.file(strange, [t.call(strange), t.call(strange, [1])])


@case
def names_of_another_date(t: Trail) -> None:
    for days in (-3, -1, 1, 40):
        account, region, day = place = t.place()
        told = (account, region, day + datetime.timedelta(days))
        records = [t.call(place), t.call(place, [1]), t.call(told), t.call(told, eventTime=None),
                   t.call(told, eventTime=noon(told[2], 4))]  # fmt: skip
        t.file(place, records, t.name(told))


@case
def strays(t: Trail) -> None:
    account, region, day = place = t.place()
    good = lambda where=place: t.pack(t.log([t.call(where)]))
    folder, name = t.folder(place), t.name(place)
    for bad in (
        "README.md", ".DS_Store", name + ".tmp", name[:-3], name.replace("_CloudTrail_", "_CloudTrail-Digest_"), "x" + name[12:], "a b%20c.txt",
        t.name(place, unique="x" * 20), t.name(place, unique="-"), t.name(place, unique="_x"), t.name(place, minute="2400"), "é.json.gz",
        t.name(place, minute="0060"), t.name(place).replace(f"{day:%Y%m%d}", "20240230"), t.name(place).replace("Z_", "z_"),
        t.name(place).replace(f"{day:%Y%m%d}T", f"{day:%Y%m%d}"), t.name(place).replace(".json", ".JSON"), "_" + t.name(place),
        "a b " + t.name(place), t.name(place, unique="ab.json"),
    ):  # fmt: skip
        t.put(folder, bad, good())
    if t.layout == "flat":
        return
    t.put(folder + "/nested", t.name(place), good())
    t.put(folder + "/nested/deeper", t.name(place), good())
    t.put(folder, t.name((account, "ap-south-1", day)), good())
    t.put(folder, t.name(("999988887777", region, day)), good())
    for sibling in ("CloudTrail-Digest", "CloudTrail-Insight", "CloudTrail-NetworkActivity", "CloudTrail-Aggregated", "CloudTrail2", "Config"):
        t.put(folder.replace("/CloudTrail/", f"/{sibling}/"), t.name(place), good())
        t.put(folder.replace("/CloudTrail/", f"/{sibling}/"), t.name(place).replace("_CloudTrail_", f"_{sibling}_"), good())
    t.put("AWSLogs", "note.txt", b"x")
    t.put("", "note.txt", b"x")
    t.put(f"AWSLogs/{account}", "note.txt", b"x")
    t.put(f"elsewhere/{folder}", t.name(place), good())
    t.put(f"AWSLogs/no_account/CloudTrail/{region}/{day:%Y/%m/%d}", t.name(place), good())


@case
def copies(t: Trail) -> None:
    for damaged in (0, 1, 2, None):
        account, region, _ = t.place()
        days = sorted(t.rng.sample(t.days, 3))
        place = (account, region, days[0])
        good, name = t.pack(t.log([t.call(place), t.call(place, [1])])), t.name(place)
        for number, day in enumerate(days):
            bad = bytearray(good)
            bad[-6] ^= 1
            data = t.rng.choice((good[:-3], b"", bytes(bad))) if number == damaged else good
            folder = f"copy-{number}" if t.layout == "flat" else t.folder((account, region, day))
            t.put(folder, name, data)
    if t.layout == "mixed":
        place = t.place()
        good, name = t.pack(t.log([t.call(place)])), t.name(place)
        for org in (True, False):
            t.put(t.folder(place, org), name, good if org else good[:-1])


@moot
def m_empty_strings(t: Trail) -> None:  # A1
    t.ours(eventID="")
    t.ours(errorCode="")
    for key in ("recipientAccountId", "awsRegion", "userAgent", "requestID", "sourceIPAddress", "vpcEndpointId", "eventVersion"):
        t.ours(**{key: ""})
    for name in ({"trialComponentName": ""}, {"trialComponentName": "", "resourceArn": "arn:x/"}, {"resourceArn": "a/b"}):
        t.ours(requestParameters=name | {"metricData": [t.point()]})
    t.ours(addendum={"reason": "UPDATED_DATA", "originalEventID": ""})


@moot
def m_other_types(t: Trail) -> None:  # A2
    for key, value in (("eventVersion", Raw("1.08")), ("recipientAccountId", 111122223333), ("awsRegion", True), ("errorCode", 500),
                       ("eventID", 7), ("userAgent", ["x"]), ("sourceIPAddress", {}), ("requestID", 1), ("errorCode", {})):  # fmt: skip
        t.ours(**{key: value})
    t.ours([t.point()], responseElements={"errors": [{"metricIndex": 0, "code": 7, "message": {}}]})


@moot
def m_bad_text(t: Trail) -> None:  # A3, A4
    bad = lone_text(t.rng)
    t.ours(errorMessage=bad)
    t.ours(requestParameters={"trialComponentName": "good", "resourceArn": bad, "metricData": [t.point()]})
    t.ours(addendum={"reason": "DELIVERY_DELAY", "originalEventID": bad})
    t.ours(addendum={"reason": bad})
    t.ours([t.point()], errorCode="X", responseElements={"errors": [{"metricIndex": 0, "code": bad}]})
    t.ours([t.point(), t.point()], responseElements={"errors": [{"metricIndex": 1, "code": bad}]})
    t.ours(resources=[{"type": bad, "ARN": "arn:a/b"}, {"type": COMPONENT}])
    t.ours(resources=[{"type": bad, "ARN": "arn:a/b"}])


@moot
def m_event_time(t: Trail) -> None:  # A5, A6
    place = t.place()
    for days, time in ((2, "12:00:00"), (2, "23:59:59"), (3, "00:00:00"), (0, "23:59:59.9996"), (-1, "23:59:59.9999999"), (2, "23:59:59.9996")):
        t.ours(place=place, eventTime=noon(place[2], days, time))
    t.ours(place=place, eventTime="2012-12-31T23:59:59.9996Z")


@moot
def m_metric_time(t: Trail) -> None:  # A6, A8, A9
    t.each("timestamp", ("9999-12-31T23:59:59.9996Z", "1969-12-31T23:59:59.9996Z", Raw("-0.0004"), "20221206", "2022-12-06T224750Z",
                         "20221206T22:47:50Z", "2022-12-06Z", "2022-12-06T22", "2022-12-06T22:47.5Z", "2022-12-06T22:47:50+24:00",
                         "2022-12-06T22:47:50+23:59", "2022", "2022-12", "0000-01-01"))  # fmt: skip


@moot
def m_value_underflow(t: Trail) -> None:  # A10
    t.each("value", (Raw("1e-400"), Raw("-1e-400"), Raw("1e-99999999999"), "1e-400"))


@moot
def m_errors(t: Trail) -> None:  # A11, A12
    t.ours([t.point(), t.point()], responseElements={"errors": [{"metricIndex": "1", "code": "X"}]})
    t.ours([t.point()], errorCode="CALL", responseElements={"errors": [{"metricIndex": 0, "code": "X", "message": "entry"}]})
    t.ours([t.point()], errorMessage="alone")
    t.ours([t.point()], errorMessage="alone", responseElements={"errors": [{"metricIndex": 0}]})


@moot
def m_components(t: Trail) -> None:  # A13, A14
    points = [t.point()]
    t.ours(requestParameters={"resourceArn": "no-slash", "metricData": points}, resources=None)
    t.ours(requestParameters={"metricData": points}, resources=[{"type": COMPONENT, "ARN": "arn:a:b:name"}])
    t.ours(resources=[{"type": COMPONENT, "ARN": "a/1"}, {"type": COMPONENT, "ARN": "a/2"}])
    t.ours(resources={"type": COMPONENT, "ARN": "a/1"})


@moot
def m_shorter_content(t: Trail) -> None:  # A21
    place, base = t.place(), t.point()
    event = t.call(place)
    t.file(place, [event | {"requestParameters": {"trialComponentName": "run", "metricData": [base] * times}} for times in (3, 1, 2)])


@moot
def m_texts(t: Trail) -> None:  # A16, A17
    place = t.place()
    t.file(place, "\ufeff" + t.log([t.call(place)]))
    t.ours(additionalEventData=Raw("[" * 5000 + "]" * 5000))
    record = t.call(place)
    t.add(Pairs([(reverse_escaped(key) if key == "eventSource" else key, value) for key, value in record.items()]), place)


@moot
def m_strays(t: Trail) -> None:  # A18
    if t.layout != "flat":
        account, region, day = place = t.place()
        base = t.folder(place)[: -len("/YYYY/mm/dd")]
        for folder in (base, f"{base}/{day:%Y}", f"{base}/{day:%Y/%m}", f"{base}/2024/02/30", f"{base}/2024/1/1", f"{base}/misc"):
            t.put(folder, t.name(place), t.pack(t.log([t.call(place)])))
            t.put(folder, "note.txt", b"x")


@moot
def m_all_copies_damaged(t: Trail) -> None:  # A20
    account, region, _ = t.place()
    name = None
    for number, day in enumerate(t.days[:3]):
        place = (account, region, day)
        name = name or t.name(place)
        folder = f"copy-{number}" if t.layout == "flat" else t.folder(place)
        t.put(folder, name, t.pack(t.log([t.call(place)]))[: -1 - number])


def make(seed: int, layout: str, out: Path, moot: bool = False) -> Path:
    trail = Trail(seed, layout, moot)
    trail.build()
    return trail.write(out)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make a small nasty trail; prints its source folder.")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--layout", choices=LAYOUTS, default="plain")
    parser.add_argument("--moot", action="store_true", help="also the cases where the contract leaves room")
    arguments = parser.parse_args()
    print(make(arguments.seed, arguments.layout, arguments.out, arguments.moot))


if __name__ == "__main__":
    main()
