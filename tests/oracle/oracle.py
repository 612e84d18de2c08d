"""What trailquet must write, computed slowly and plainly from the log files alone.

Written from the contract only (design sections 1, 3, 4, 5, 7), so that it can disagree with the program.
Needs nothing but the standard library (3.11: deep recursion of Python functions costs no C stack there).

    python tests/oracle/oracle.py SOURCE... [--layout flat] [--from D] [--to D] [--account A] [--region R] [--rows]

Where the contract leaves room
------------------------------
Each choice carries a mark; awkward.py makes the cases so marked only with --moot.

A1  Empty strings. An empty eventID, originalEventID, trialComponentName or last ARN part is "none" (an empty id or
    name identifies nothing). Any other empty string is a value: recipientAccountId "" is unsafe_partition_value, not a
    fall-back to the file name; errorCode "" is a failed call with code ""; userAgent "" is "", not NULL.
A2  A used field of another JSON type than string (recipientAccountId 123, eventVersion 1.08, errorCode 500) is as if
    absent: NULL, or the next fall-back. eventID 7 is no_event_id; eventTime 7 is bad_event_time.
A3  bad_text, the call's: the strings eventID, eventTime, recipientAccountId, awsRegion, requestID, sourceIPAddress,
    userAgent, vpcEndpointId, eventVersion, errorCode, errorMessage, userIdentity.{arn,type,accountId},
    requestParameters.{trialComponentName,resourceArn}, addendum.{reason,originalEventID}, and {ARN,type,accountId} of the
    chosen resource; whether or not this very record needs them (resourceArn beside a good trialComponentName counts).
    Resources not chosen are not used. eventSource/eventName that are bad text are simply not ours.
A4  bad_text, the point's: its metricName, value, timestamp, step; and code/message of the error entry that names it,
    but only where the call has no errorCode (else the entry is not used).
A5  "More than two days after the delivery date" compares dates: event date - name date > 2 days. So any time of day
    on the second day is fine.
A6  Times are rounded to ms first (eventTime and ISO strings too), then the range is checked and the date taken:
    23:59:59.9996 is the next day, 9999-12-31T23:59:59.9996Z is outside, 1969-12-31T23:59:59.9996Z is 1970.
A7  Epoch milliseconds may have a fraction too and are rounded likewise. "Below 1e11" is the signed number.
A8  A metric timestamp string of digits only is a number, even if it looks like a basic ISO date ("20221206").
A9  ISO-8601: date and time both extended or both basic (no mixture); the zone in any of its forms after either, hours
    up to 23; a zone only after a time; hours and minutes are needed in a time; a fraction only after seconds.
A10 value: underflow is zero (1e-400 is 0.0, -1e-400 is -0.0), not "beyond double's range".
A11 errors[].metricIndex: a JSON number, integral floats too (1.0); a numeric string names nothing.
A12 error_code and error_message come as a pair from one place: from the call where it has errorCode (then a missing
    errorMessage is NULL), else from the entry. errorMessage without errorCode does not fail the call and is not kept.
A13 The last part of an ARN is what follows the last "/"; an ARN without "/" has none.
A14 resources: of several entries of the type the first; elements that are no objects are skipped; resources that is not
    a list is absent.
A15 A frame (section 4) has JSON's white space only. A strange frame without the needle that is then parsed is
    like any parsed text: its elements that are no objects are not_a_record rejects.
A16 A byte order mark is not JSON. There is no limit of depth.
A17 The key eventSource may be written with escapes, its value may not; eventName's value may.
A18 Tree: files below CloudTrail/REGION/ that are under no valid YYYY/MM/DD folder are neither listed nor ignored; nor is
    anything under folders whose names do not fit. A folder o-[a-z0-9]+ is an organization, never an account.
A19 Flat: every file whose name does not obey is ignored, whatever the window; the filters apply to the names.
A20 The same name at several keys: where one decodes, it is read and all other keys are skipped (also the copy that was
    tried in vain before it); where none does, every key is failed.
A21 Content compares row by row; where one is a prefix of the other, the shorter is smaller. Strings by UTF-8 bytes.
A22 A correction is addendum.reason = UPDATED_DATA (exactly) with a non-empty originalEventID.
A23 The event id of a reject is the record's own eventID, also for corrections; NULL where empty, absent or bad text.
A24 bytes in the summary: only bounded (at least what was read, at most what was listed), as the contract does not say.
A25 A record that is refused as a call counts in calls.rejected; not_a_record counts in neither calls.seen nor there.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import re
import struct
import sys
import zlib
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

sys.setrecursionlimit(1_000_000)
sys.set_int_max_str_digits(0)

EXTRACTION = 1
NEEDLE = b"metrics-sagemaker.amazonaws.com"
SIZE_LIMIT = 256 << 20
TRIAL_COMPONENT = "AWS::SageMaker::ExperimentTrialComponent"
YEAR_2013 = 1_356_998_400_000
YEAR_10000 = 253_402_300_800_000
DAY_MS = 86_400_000
EPOCH_DAY = datetime.date(1970, 1, 1).toordinal()

# name, type, may be NULL; schema order
METRICS = [
    ("trial_component_name", "string", False), ("metric_name", "string", False), ("step", "bigint", True),
    ("value", "double", False), ("metric_time", "timestamp", False), ("metric_index", "int", False),
    ("accepted", "boolean", False), ("error_code", "string", True), ("error_message", "string", True),
    ("event_time", "timestamp", False), ("event_id", "string", False), ("request_id", "string", True),
    ("trial_component_arn", "string", True), ("resource_type", "string", True), ("resource_account_id", "string", True),
    ("principal_arn", "string", True), ("principal_type", "string", True), ("principal_account_id", "string", True),
    ("source_ip", "string", True), ("user_agent", "string", True), ("vpc_endpoint_id", "string", True),
    ("event_version", "string", True), ("correction_id", "string", True), ("source_object", "string", False),
    ("extraction", "int", False),
]
METRIC_NAMES = [name for name, _, _ in METRICS]
REJECTS = ["reason", "source_object", "record_index", "metric_index", "event_id"]
SAFE = re.compile(r"[A-Za-z0-9-]{1,64}")

# ---------------------------------------------------------------------------------------------- JSON


class NotJson(ValueError):
    pass


class Text(str):
    """A JSON string; `raw` is what stood between the quotes."""

    raw: str

    @property
    def good(self) -> bool:
        try:
            self.encode("utf-8")
            return True
        except UnicodeEncodeError:
            return False


class Number(str):
    """A JSON number, as it was written."""


WS = re.compile(r"[ \t\n\r]*")
STRING = re.compile(r'"([^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})[^"\\\x00-\x1f]*)*)"')
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
ESCAPE = re.compile(r"\\u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\.")
SHORT = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
WORDS = {"true": True, "false": False, "null": None}


def unescape(match: re.Match) -> str:
    text = match[0]
    if len(text) == 12:
        return chr(0x10000 + ((int(text[2:6], 16) & 0x3FF) << 10) + (int(text[8:], 16) & 0x3FF))
    return chr(int(text[2:], 16)) if text[1] == "u" else SHORT[text[1]]


def read_string(text: str, at: int):
    match = STRING.match(text, at)
    if not match:
        raise NotJson(at)
    string = Text(ESCAPE.sub(unescape, match[1]))
    string.raw = match[1]
    return string, match.end()


def skip(text: str, at: int) -> int:
    return WS.match(text, at).end()


def read_value(text: str, at: int):
    head = text[at : at + 1]
    if head == "{":
        return read_object(text, skip(text, at + 1))
    if head == "[":
        return read_array(text, skip(text, at + 1))
    if head == '"':
        return read_string(text, at)
    for word, value in WORDS.items():
        if text.startswith(word, at):
            return value, at + len(word)
    match = NUMBER.match(text, at)
    if not match:
        raise NotJson(at)
    return Number(match[0]), match.end()


def read_object(text: str, at: int):
    found: dict = {}
    if text[at : at + 1] == "}":
        return found, at + 1
    while True:
        name, at = read_string(text, at)
        at = skip(text, at)
        if text[at : at + 1] != ":":
            raise NotJson(at)
        found[str(name)], at = read_value(text, skip(text, at + 1))  # a repeated key: the last wins
        at = skip(text, at)
        if text[at : at + 1] == "}":
            return found, at + 1
        if text[at : at + 1] != ",":
            raise NotJson(at)
        at = skip(text, at + 1)


def read_array(text: str, at: int):
    found: list = []
    if text[at : at + 1] == "]":
        return found, at + 1
    while True:
        value, at = read_value(text, at)
        found.append(value)
        at = skip(text, at)
        if text[at : at + 1] == "]":
            return found, at + 1
        if text[at : at + 1] != ",":
            raise NotJson(at)
        at = skip(text, at + 1)


def parse(data: bytes):
    """Strict JSON; bytes that are not UTF-8 become lone surrogates, and are refused outside strings."""
    text = data.decode("utf-8", "surrogateescape")
    value, at = read_value(text, skip(text, 0))
    if skip(text, at) != len(text):
        raise NotJson(at)
    return value


# ------------------------------------------------------------------------------- numbers and times

NUMERIC_STRING = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def numeric(value) -> str | None:
    """The literal of a JSON number or of a numeric string."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, Text) and NUMERIC_STRING.fullmatch(value):
        return str(value)
    return None


def exact(literal: str) -> Fraction:
    """The number as it stands; beyond 10^±400 a stand-in of that size and sign, which compares alike."""
    mantissa, _, exponent = literal.lower().partition("e")
    sign = -1 if mantissa.startswith("-") else 1
    whole, _, fraction = mantissa.lstrip("+-").partition(".")
    digits, power = int(whole + fraction), int(exponent or "0") - len(fraction)
    if digits == 0:
        return Fraction(0)
    size = len(str(digits)) + power
    if size > 400:
        return sign * Fraction(10**400)
    if size < -400:
        return sign * Fraction(1, 10**400)
    return sign * Fraction(digits) * Fraction(10) ** power


def rounded(number: Fraction) -> int:
    """To the nearest integer, halves away from zero."""
    size = (abs(number) + Fraction(1, 2)).__floor__()
    return -size if number < 0 else size


def read_double(value) -> float | None:
    if isinstance(value, Text) and value in ("NaN", "Infinity", "-Infinity"):
        return float(value)
    literal = numeric(value)
    if literal is None:
        return None
    number = float(literal)
    return None if number in (float("inf"), float("-inf")) else number


def read_step(value):
    """(good, step)"""
    if value is None:
        return True, None
    literal = numeric(value)
    if literal is None:
        return False, None
    number = exact(literal)
    good = number.denominator == 1 and -(2**63) <= number < 2**63
    return good, int(number) if good else None


ISO = re.compile(
    r"""(?: (?P<y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})
            (?: [Tt\ ] (?P<H>[0-9]{2}):(?P<M>[0-9]{2})(?: :(?P<S>[0-9]{2})(?: [.,](?P<F>[0-9]+))?)? (?P<Z>ZONE)? )?
          | (?P<by>[0-9]{4})(?P<bm>[0-9]{2})(?P<bd>[0-9]{2})
            (?: [Tt\ ] (?P<bH>[0-9]{2})(?P<bM>[0-9]{2})(?: (?P<bS>[0-9]{2})(?: [.,](?P<bF>[0-9]+))?)? (?P<bZ>ZONE)? )?
        )""".replace("ZONE", r"[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?"),
    re.VERBOSE,
)


def iso(text: str) -> int | None:
    """Milliseconds since 1970 of an ISO-8601 string; None where it is none."""
    match = ISO.fullmatch(text)
    if not match:
        return None
    get = lambda name: match[name] or match["b" + name]
    hour, minute, second = int(get("H") or 0), int(get("M") or 0), int(get("S") or 0)
    zone = get("Z") or "Z"
    offset = 0
    if zone not in "Zz":
        hours, minutes = int(zone[1:3]), int(zone[3:].lstrip(":") or 0)
        if hours > 23 or minutes > 59:
            return None
        offset = (hours * 60 + minutes) * (-1 if zone[0] == "-" else 1)
    if hour > 23 or minute > 59 or second > 59:
        return None
    try:
        day = datetime.date(int(get("y")), int(get("m")), int(get("d"))).toordinal() - EPOCH_DAY
    except ValueError:
        return None
    fraction = get("F") or "0"
    seconds = ((day * 24 + hour) * 60 + minute - offset) * 60 + second
    return rounded((seconds + Fraction(int(fraction), 10 ** len(fraction))) * 1000)


def read_time(value) -> int | None:
    """A metric's timestamp in milliseconds."""
    literal = numeric(value)
    if literal is not None:
        number = exact(literal)
        time = rounded(number * 1000 if number < 10**11 else number)
    elif isinstance(value, Text):
        time = iso(value)
    else:
        return None
    return time if time is not None and 0 <= time < YEAR_10000 else None


def date_of(ms: int) -> str:
    return datetime.date.fromordinal(EPOCH_DAY + ms // DAY_MS).isoformat()


# ----------------------------------------------------------------------------------- names and keys

NAME = re.compile(
    r"([A-Za-z0-9-]{1,64})_CloudTrail_([A-Za-z0-9-]{1,64})_([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})Z_?[A-Za-z0-9]{1,19}\.json\.gz"
)
KEY = re.compile(
    r"AWSLogs/(?:o-[a-z0-9]+/)?(?!o-[a-z0-9]+/)([A-Za-z0-9-]{1,64})/CloudTrail/([A-Za-z0-9-]{1,64})/([0-9]{4})/([0-9]{2})/([0-9]{2})/(.+)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Name:
    text: str
    account: str
    region: str
    date: str


def to_date(year: str, month: str, day: str) -> str | None:
    try:
        return datetime.date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None


def read_name(text: str) -> Name | None:
    match = NAME.fullmatch(text)
    if not match or int(match[6]) > 23 or int(match[7]) > 59:
        return None
    date = to_date(*match.group(3, 4, 5))
    return Name(text, match[1], match[2], date) if date else None


@dataclass
class Selection:
    since: str | None = None
    until: str | None = None
    accounts: list = field(default_factory=list)
    regions: list = field(default_factory=list)

    def takes(self, account: str, region: str, date: str) -> bool:
        return (
            (not self.accounts or account in self.accounts)
            and (not self.regions or region in self.regions)
            and (self.since or "") <= date <= (self.until or "9999-99-99")
        )


def listing(source: Path, layout: str, selection: Selection):
    """([(key, name)] of the log objects in key order, number of ignored files)"""
    keys = []
    for folder, _, files in os.walk(source):
        keys += [os.path.relpath(os.path.join(folder, file), source) for file in files]
    listed, ignored = [], 0
    for key in sorted(keys, key=os.fsencode):
        name = read_name(key.rpartition("/")[2])
        if layout == "flat":
            if name is None:
                ignored += 1
            elif selection.takes(name.account, name.region, name.date):
                listed.append((key, name))
            continue
        match = KEY.fullmatch(key)
        date = to_date(*match.group(3, 4, 5)) if match else None
        if date is None or not selection.takes(match[1], match[2], date):
            continue
        if name and name.text == match[6] and (name.account, name.region) == match.group(1, 2):
            listed.append((key, name))
        else:
            ignored += 1
    return listed, ignored


# -------------------------------------------------------------------------------- objects and records


class Failed(Exception):
    """The object cannot be decoded; the argument is the class of the reason."""


FRAME = re.compile(rb'[ \t\n\r]*\{[ \t\n\r]*"Records"[ \t\n\r]*:[ \t\n\r]*\[.*\][ \t\n\r]*\}[ \t\n\r]*', re.DOTALL)


def gunzip(data: bytes) -> bytes:
    inflater = zlib.decompressobj(wbits=31)
    try:
        text = inflater.decompress(data, SIZE_LIMIT + 1)
    except zlib.error:
        raise Failed("bad_gzip")
    if len(text) > SIZE_LIMIT:
        raise Failed("too_large")
    if not inflater.eof or inflater.unused_data:
        raise Failed("bad_gzip")
    return text


def decode(data: bytes) -> tuple[list, int]:
    """(the Records of an object, its size unpacked); none where its text does not name our source."""
    text = gunzip(data)
    if NEEDLE not in text and FRAME.fullmatch(text):
        return [], len(text)
    try:
        log = parse(text)
    except NotJson:
        raise Failed("bad_json")
    if not isinstance(log, dict) or not isinstance(log.get("Records"), list):
        raise Failed("not_a_log_file")
    return log["Records"], len(text)


@dataclass(frozen=True)
class Reject:
    reason: str
    source_object: str
    record_index: int
    metric_index: int | None
    event_id: str | None
    partition: tuple


@dataclass
class Version:
    """What one record says of its event, in one partition."""

    event: tuple  # (account, region, date, event id)
    correction_id: str | None
    event_time: int
    source_object: str
    rows: list


def string(holder, name: str) -> Text | None:
    value = holder.get(name) if isinstance(holder, dict) else None
    return value if isinstance(value, Text) else None


def plain(text: str | None) -> str | None:
    return None if text is None else str(text)


def last_part(arn: str | None) -> str | None:
    return arn.rpartition("/")[2] or None if arn and "/" in arn else None


def is_ours(record: dict) -> bool:
    source = string(record, "eventSource")
    return source is not None and source.raw == NEEDLE.decode() and string(record, "eventName") == "BatchPutMetrics"


def chosen_resource(record: dict) -> dict:
    resources = record.get("resources")
    objects = [entry for entry in resources if isinstance(entry, dict)] if isinstance(resources, list) else []
    ours = [entry for entry in objects if string(entry, "type") == TRIAL_COMPONENT]
    return (ours + objects + [{}])[0]


def named_errors(record: dict) -> dict[int, dict]:
    """errors[] by the metricIndex that they name; of several the first."""
    response = record.get("responseElements")
    errors = response.get("errors") if isinstance(response, dict) else None
    found: dict[int, dict] = {}
    for entry in errors if isinstance(errors, list) else []:
        index = entry.get("metricIndex") if isinstance(entry, dict) else None
        if isinstance(index, Number) and exact(index).denominator == 1:
            found.setdefault(int(exact(index)), entry)
    return found


def read_call(record: dict, name: Name):
    """(reason or None, version without rows, metricData)"""
    identity, request, addendum = record.get("userIdentity"), record.get("requestParameters"), record.get("addendum")
    resource = chosen_resource(record)
    top = {key: string(record, key) for key in (
        "eventID", "eventTime", "recipientAccountId", "awsRegion", "requestID", "sourceIPAddress", "userAgent",
        "vpcEndpointId", "eventVersion", "errorCode", "errorMessage")}  # fmt: skip
    who = {key: string(identity, key) for key in ("arn", "type", "accountId")}
    what = {key: string(resource, key) for key in ("ARN", "type", "accountId")}
    asked = {key: string(request, key) for key in ("trialComponentName", "resourceArn")}
    why = {key: string(addendum, key) for key in ("reason", "originalEventID")}
    used = [text for group in (top, who, what, asked, why) for text in group.values() if text is not None]

    if not all(text.good for text in used):
        return "bad_text", None, None
    if not top["eventID"]:
        return "no_event_id", None, None
    event_time = iso(top["eventTime"]) if top["eventTime"] is not None else None
    delivered = datetime.date.fromisoformat(name.date).toordinal() - EPOCH_DAY
    if event_time is None or event_time < YEAR_2013 or event_time // DAY_MS - delivered > 2:
        return "bad_event_time", None, None
    account = name.account if top["recipientAccountId"] is None else top["recipientAccountId"]
    region = name.region if top["awsRegion"] is None else top["awsRegion"]
    if not SAFE.fullmatch(account) or not SAFE.fullmatch(region):
        return "unsafe_partition_value", None, None
    points = request.get("metricData") if isinstance(request, dict) else None
    if not isinstance(points, list) or not points:
        return "no_metric_data", None, None
    run = asked["trialComponentName"] or last_part(asked["resourceArn"]) or last_part(what["ARN"])
    if not run:
        return "no_trial_component", None, None

    is_correction = why["reason"] == "UPDATED_DATA" and bool(why["originalEventID"])
    event_id = str(why["originalEventID"] if is_correction else top["eventID"])
    correction_id = str(top["eventID"]) if is_correction else None
    version = Version((str(account), str(region), date_of(event_time), event_id), correction_id, event_time, name.text, [])
    shared = {
        "trial_component_name": str(run), "event_time": event_time, "event_id": event_id,
        "request_id": plain(top["requestID"]), "trial_component_arn": plain(what["ARN"]),
        "resource_type": plain(what["type"]), "resource_account_id": plain(what["accountId"]),
        "principal_arn": plain(who["arn"]), "principal_type": plain(who["type"]),
        "principal_account_id": plain(who["accountId"]), "source_ip": plain(top["sourceIPAddress"]),
        "user_agent": plain(top["userAgent"]), "vpc_endpoint_id": plain(top["vpcEndpointId"]),
        "event_version": plain(top["eventVersion"]), "correction_id": correction_id,
        "source_object": name.text, "extraction": EXTRACTION,
        "accepted": top["errorCode"] is None, "error_code": plain(top["errorCode"]),
        "error_message": plain(top["errorMessage"]) if top["errorCode"] is not None else None,
    }  # fmt: skip
    return None, (version, shared), points


def read_point(point, index: int, shared: dict, error: dict | None):
    """(reason or None, row or None)"""
    if not isinstance(point, dict):
        return "not_a_point", None
    error = error if shared["accepted"] else None
    code, message = string(error, "code"), string(error, "message")
    used = [string(point, key) for key in ("metricName", "value", "timestamp", "step")] + [code, message]
    if not all(text.good for text in used if text is not None):
        return "bad_text", None
    metric_name = string(point, "metricName")
    if not metric_name:
        return "bad_metric_name", None
    value = read_double(point.get("value"))
    if value is None:
        return "bad_value", None
    time = read_time(point.get("timestamp"))
    if time is None:
        return "bad_timestamp", None
    good, step = read_step(point.get("step"))
    if not good:
        return "bad_step", None
    row = dict(shared, metric_name=str(metric_name), value=value, metric_time=time, step=step, metric_index=index)
    if error is not None:
        row.update(accepted=False, error_code=plain(code), error_message=plain(message))
    return None, tuple(row[column] for column in METRIC_NAMES)


# ------------------------------------------------------------------------------------ the whole trail


@dataclass
class Expected:
    metrics: dict = field(default_factory=dict)  # (account, region, date) -> {(event id, metric index): row}
    rejects: list = field(default_factory=list)
    counts: dict = field(default_factory=lambda: dict.fromkeys(
        ("listed", "read", "skipped", "failed", "ignored", "calls_seen", "calls_rejected", "points_seen",
         "points_rejected", "bytes_listed", "bytes_read", "bytes_unpacked"), 0))  # fmt: skip
    failures: dict = field(default_factory=dict)  # file name -> class of the reason
    cases: dict = field(default_factory=dict)  # event id, or (file name, record index) -> apiVersion, where awkward.py names its case

    def rows(self) -> int:
        return sum(map(len, self.metrics.values()))


def order_bits(value: float) -> int:
    """A key for IEEE 754 total order; every NaN is the one canonical NaN."""
    if value != value:
        return 0x7FF8 << 48
    (bits,) = struct.unpack("<q", struct.pack("<d", value))
    return bits if bits >= 0 else bits ^ 0x7FFF_FFFF_FFFF_FFFF


def comparable(row: tuple) -> tuple:
    cells = []
    for cell in row:
        if cell is None:
            cells.append((0,))
        elif isinstance(cell, float):
            cells.append((1, order_bits(cell)))
        else:
            cells.append((1, cell.encode() if isinstance(cell, str) else cell))
    return tuple(cells)


def better(new: Version, old: Version) -> bool:
    """Does the new version win? (Of one extraction there is only one here.)"""
    rank = lambda v: (v.correction_id is not None, v.event_time, (v.correction_id or "").encode())
    if rank(new) != rank(old):
        return rank(new) > rank(old)
    content = lambda v: (v.source_object.encode(), [comparable(row) for row in v.rows])
    return content(new) < content(old)


def compute(sources: list[Path], layout: str = "tree", selection: Selection | None = None) -> Expected:
    expected = Expected()
    counts = expected.counts
    copies: dict[str, list] = {}
    for source in sources:
        listed, ignored = listing(Path(source), layout, selection or Selection())
        counts["listed"] += len(listed)
        counts["ignored"] += ignored
        for key, name in listed:
            copies.setdefault(name.text, []).append((Path(source) / key, name))
    winners: dict[tuple, Version] = {}
    for entries in copies.values():
        take_object(entries, expected, winners)
    for version in winners.values():
        rows = expected.metrics.setdefault(version.event[:3], {})
        for row in version.rows:
            rows[version.event[3], row[METRIC_NAMES.index("metric_index")]] = row
    return expected


def take_object(entries: list, expected: Expected, winners: dict) -> None:
    """One name, its copies in key order: the first that decodes is read."""
    counts, records, name, reason = expected.counts, None, entries[0][1], ""
    for path, _ in entries:
        data = path.read_bytes()
        counts["bytes_listed"] += len(data)
        if records is not None:
            continue
        try:
            records, size = decode(data)
            counts["bytes_read"] += len(data)
            counts["bytes_unpacked"] += size
        except Failed as failure:
            reason = str(failure)
    if records is None:
        counts["failed"] += len(entries)
        expected.failures[name.text] = reason
        return
    counts["read"] += 1
    counts["skipped"] += len(entries) - 1
    for index, record in enumerate(records):
        take_record(record, index, name, expected, winners)


def take_record(record, index: int, name: Name, expected: Expected, winners: dict) -> None:
    counts = expected.counts

    def reject(reason: str, metric_index: int | None) -> None:
        own = string(record, "eventID")
        event_id = str(own) if own and own.good else None
        partition = (name.account, name.region, name.date)
        expected.rejects.append(Reject(reason, name.text, index, metric_index, event_id, partition))

    if not isinstance(record, dict):
        return reject("not_a_record", None)
    if not is_ours(record):
        return
    counts["calls_seen"] += 1
    expected.cases[name.text, index] = plain(string(record, "apiVersion"))
    reason, call, points = read_call(record, name)
    if reason:
        counts["calls_rejected"] += 1
        return reject(reason, None)
    version, shared = call
    errors = named_errors(record)
    for at, point in enumerate(points):
        counts["points_seen"] += 1
        reason, row = read_point(point, at, shared, errors.get(at))
        if reason:
            counts["points_rejected"] += 1
            reject(reason, at)
        else:
            version.rows.append(row)
    expected.cases.setdefault(version.event[3], expected.cases[name.text, index])
    if version.rows and (version.event not in winners or better(version, winners[version.event])):
        winners[version.event] = version


def selection_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--layout", choices=("tree", "flat"), default="tree")
    parser.add_argument("--flat", dest="layout", action="store_const", const="flat")
    parser.add_argument("--from", dest="since", help="delivery date, YYYY-MM-DD")
    parser.add_argument("--to", dest="until", help="delivery date, YYYY-MM-DD")
    parser.add_argument("--account", action="append", default=[])
    parser.add_argument("--region", action="append", default=[])


def selected(arguments) -> Selection:
    return Selection(arguments.since, arguments.until, arguments.account, arguments.region)


def main() -> None:
    parser = argparse.ArgumentParser(description="What trailquet must write for these sources.")
    parser.add_argument("source", nargs="+", type=Path)
    parser.add_argument("--rows", action="store_true", help="print every row and reject as a JSON line")
    selection_arguments(parser)
    arguments = parser.parse_args()
    expected = compute(arguments.source, arguments.layout, selected(arguments))
    if arguments.rows:
        for partition, rows in sorted(expected.metrics.items()):
            for _, row in sorted(rows.items()):
                print(json.dumps(["metrics", *partition, dict(zip(METRIC_NAMES, row))]))
        for reject in expected.rejects:
            print(json.dumps(["rejects", vars(reject)]))
    reasons: dict = {}
    for reject in expected.rejects:
        reasons[reject.reason] = reasons.get(reject.reason, 0) + 1
    print(json.dumps({
        "counts": expected.counts, "rows": expected.rows(), "partitions": len(expected.metrics),
        "rejects": reasons, "failures": expected.failures}, indent=1))  # fmt: skip


if __name__ == "__main__":
    main()
