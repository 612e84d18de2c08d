"""The oracle's own tests, where a rule is subtle: python tests/oracle/test_oracle.py"""

import gzip
import json
import math
import tempfile
from fractions import Fraction
from pathlib import Path

import oracle
from oracle import Number, Text, compute, iso, parse, read_double, read_name, read_step, read_time

NAME = "012345678901_CloudTrail_us-east-1_20240301T0005Z_{}.json.gz"
DAY = "AWSLogs/012345678901/CloudTrail/us-east-1/2024/03/01"


def raises(kind, call, *arguments):
    try:
        call(*arguments)
    except kind as error:
        return str(error)
    raise AssertionError(f"{call.__name__}{arguments!r} raised nothing")


def point(**over):
    return {"metricName": "loss", "timestamp": 1709251200000, "step": 1, "value": 0.5} | over


def call(event_id="e1", points=None, **over):
    return {
        "eventSource": "metrics-sagemaker.amazonaws.com", "eventName": "BatchPutMetrics", "eventID": event_id,
        "eventTime": "2024-03-01T00:00:00Z", "awsRegion": "us-east-1", "recipientAccountId": "012345678901",
        "requestParameters": {"trialComponentName": "run", "metricData": points or [point()]},
    } | over  # fmt: skip


def correction(event_id, original, **over):
    return call(event_id, addendum={"reason": "UPDATED_DATA", "originalEventID": original}, **over)


def run(*objects, layout="tree"):
    """Each object: a list of records, a text, or the bytes of a file."""
    with tempfile.TemporaryDirectory() as folder:
        for number, content in enumerate(objects):
            if isinstance(content, list):
                content = json.dumps({"Records": content}).encode()
            if isinstance(content, str):
                content = content.encode("utf-8", "surrogateescape")
            if not content.startswith(b"\x1f\x8b"):
                content = gzip.compress(content, mtime=0)
            path = Path(folder, DAY, NAME.format(f"n{number}"))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return compute([Path(folder)], layout)


def rows(expected):
    return [dict(zip(oracle.METRIC_NAMES, row)) for part in expected.metrics.values() for _, row in sorted(part.items())]


def reasons(expected):
    return [reject.reason for reject in expected.rejects]


def test_json():
    for text in ('{"a":[1,2.5e-3,"x",true,null,{}]}', " [ ] ", '"\\u00e9\\ud83d\\ude00\\n"', "-0.0e+1", '{"a":1,"a":2}'):
        ours, theirs = parse(text.encode()), json.loads(text, parse_int=Number, parse_float=Number)
        assert ours == theirs, text
    assert parse(b'{"a":1,"\\u0061":2}') == {"a": "2"}
    for text in ("", "{", "[1,]", '{"a":1,}', "01", "1.", ".5", "+1", "NaN", "Infinity", "'a'", '"\t"', '"\\x"', '"\\u12g4"',
                 "[1] x", "\ufeff[]", "\xa0[]", "nul", "[1 2]", '{"a" 1}', "{1:2}", "True"):  # fmt: skip
        raises(oracle.NotJson, parse, text.encode())
    raises(oracle.NotJson, parse, b"[\xff]")
    assert not parse(b'"\xff"').good and not parse(b'"\\ud800"').good and not parse(b'"\\ude00\\ud83d"').good
    assert not parse(b'"\xed\xa0\xbd\xed\xb8\x80"').good and not parse(b'"\\ud83d\x80"').good
    assert parse(b'"\\ud83d\\ude00"').good and parse(b'"\x7f\\u0000"').good
    assert parse(b'"a\\u0062"').raw == "a\\u0062"
    parse(b"[" * 50_000 + b"]" * 50_000)


def test_numbers():
    half = lambda text: oracle.rounded(oracle.exact(text))
    assert [half(x) for x in ("0.5", "-0.5", "1.5", "2.5", "0.49999999999999999999999", "-2.5")] == [1, -1, 2, 3, 0, -3]
    assert oracle.exact("1e999999999999") > 10**300 and oracle.exact("0e999999999999") == 0
    assert 0 < oracle.exact("1e-999999999999") < Fraction(1, 10**300) and oracle.exact("-1e401") < 0
    assert read_double(Number("1e400")) is None and read_double(Number("1.7976931348623159e308")) is None
    assert read_double(Number("1.7976931348623158e308")) == 1.7976931348623157e308
    assert math.copysign(1, read_double(Number("-0"))) == -1 and read_double(Number("1e-400")) == 0.0
    for text, value in (("5.", 5.0), (".5", 0.5), ("+007", 7.0), ("-Infinity", -math.inf), ("1E+2", 100.0)):
        assert read_double(Text(text)) == value
    for text in ("", " 5", "5 ", ".", "+", "1e", "0x1", "inf", "nan", "+Infinity", "1_0", "١", "--1", "1e400"):
        assert read_double(Text(text)) is None, text
    for value in (True, None, [], {}):
        assert read_double(value) is None
    good = lambda value: read_step(value)[0]
    assert read_step(None) == (True, None) and read_step(Number("-0.0")) == (True, 0)
    assert read_step(Number("9223372036854775807.0")) == (True, 2**63 - 1) and not good(Number("9223372036854775808"))
    assert read_step(Number("-9223372036854775808")) == (True, -(2**63)) and not good(Number("-9223372036854775809"))
    assert read_step(Number("92233720368547758070e-1")) == (True, 2**63 - 1)
    assert read_step(Text("1e3")) == (True, 1000) and not good(Number("0.5")) and not good(Number("1e-400"))
    assert not good(True) and not good(Text("")) and not good(Text("NaN")) and not good([])


def test_times():
    for text, time in (
        ("2022-12-06T22:47:50Z", 1670366870000), ("20221206T224750Z", 1670366870000), ("2022-12-06 22:47:50,5", 1670366870500),
        ("2022-12-07t00:17:50+01:30", 1670366870000), ("2022-12-06T22:47-0030", 1670368620000), ("2022-12-06", 1670284800000),
        ("2022-12-06T22:47:50.0005Z", 1670366870001), ("2022-12-06T22:47:50.00049999z", 1670366870000),
        ("20221206", 1670284800000), ("2024-02-29T00:00+00", 1709164800000), ("1969-12-31T23:59:59.9995Z", -1),
    ):  # fmt: skip
        assert iso(text) == time, (text, iso(text))
    for text in ("", "2022-12-06T24:00:00Z", "2022-12-06T23:59:60Z", "2023-02-29", "2022-13-01", "2022-12-06T22Z", "2022-12-06T",
                 "2022-12-06Z", "2022-12-06T2247Z", "20221206T22:47Z", "2022-W49-2", "2022-340", "2022-12-06T22:47:50.Z", "2022-12",
                 "2022-12-06T22:47:50 Z", "+2022-12-06", "10000-01-01", "2022-12-06T22:47:50+24:00", "2022-12-06T22:47:50+01:60",
                 "2022-12-06T22:47.5Z", " 2022-12-06", "2022-12-06\n"):  # fmt: skip
        assert iso(text) is None, text
    for value, time in (
        (Number("1670366870"), 1670366870000), (Number("1670366870.0005"), 1670366870001), (Number("1e11"), 10**11),
        (Number("99999999999.9999"), 99999999999 * 1000 + 1000), (Number("99999999999"), 99999999999000), (Number("0"), 0),
        (Number("1e-999999999999"), 0), (Text("+1670366870000."), 1670366870000), (Number("253402300799999.4"), 253402300799999),
        (Text("9999-12-31T23:59:59.999Z"), 253402300799999), (Text("1969-12-31T23:00:00-01:00"), 0),
    ):  # fmt: skip
        assert read_time(value) == time, (value, read_time(value))
    for value in (Number("-1"), Number("253402300800000"), Number("253402300799999.5"), Number("1e400"), None, True, [], Text(""),
                  Text("1969-12-31T23:59:59Z"), Text("9999-12-31T23:00:00-01:00"), Text("now")):  # fmt: skip
        assert read_time(value) is None, value
    assert oracle.date_of(1709164800000 - 1) == "2024-02-28" and oracle.date_of(1709164800000) == "2024-02-29"


def test_names():
    good = "012345678901_CloudTrail_us-east-1_20240301T2359Z_AbCdEfGhIjKlMnOp.json.gz"
    assert read_name(good).date == "2024-03-01" and read_name(good.replace("Z_", "Z")) and read_name(NAME.format("x" * 19))
    for bad in (good.replace("2359", "2360"), good.replace("2359", "2400"), good.replace("0301", "0230"), good + "\n", NAME.format(""),
                NAME.format("x" * 20), NAME.format("_x"), good.replace("_CloudTrail_", "_CloudTrail-Digest_"), good[:-3],
                good.replace("Z_", "z_"), NAME.format("a-b"), NAME.format("é"), "x_" + good):  # fmt: skip
        assert read_name(bad) is None, bad


def test_objects():
    log = json.dumps({"Records": [call()]}).encode()
    whole = gzip.compress(log, mtime=0)
    broken = bytearray(whole)
    broken[-6] ^= 1
    for data in (whole[:-1], bytes(broken), whole + b"\0", whole + whole, whole + gzip.compress(b"")):
        assert run(data).failures == {NAME.format("n0"): "bad_gzip"}
    needle = '"metrics-sagemaker.amazonaws.com"'
    for text, failure in (
        ("[]", "not_a_log_file"), ("{}", "not_a_log_file"), ('{"Records":{}}', "not_a_log_file"), ("", "bad_json"),
        ('{"Records":[],"Records":null}', "not_a_log_file"), ('{"Records":[NaN,%s]}' % needle, "bad_json"),
        ('{"Records":[]} x', "bad_json"), ('{"Records":[%s]}}' % needle, "bad_json"), ("\ufeff" + '{"Records":[]}', "bad_json"),
    ):  # fmt: skip
        assert run(text).failures == {NAME.format("n0"): failure}, text
    for text, found in (
        ('{"Records":[]}', []), (' {\n"Records"\t: [ 1, NaN ] } \r\n', []), ('{"Records":[1,%s,{}]}' % needle, ["not_a_record"] * 2),
        ('{"x":1,"Records":[[]]}', ["not_a_record"]), ('{"R\\u0065cords":[null]}', ["not_a_record"]),
        ('{"Records":[1],"Records":[%s]}' % needle, ["not_a_record"]),
    ):  # fmt: skip
        expected = run(text)
        assert expected.failures == {} and reasons(expected) == found, text


def test_which_records():
    text = json.dumps({"Records": [call("a"), call("b")]})
    at = text.rindex("metrics-s")
    assert [row["event_id"] for row in rows(run(text[:at] + "\\u006d" + text[at + 1 :]))] == ["a"]
    nested = {"eventSource": "s3.amazonaws.com", "eventName": "PutObject", "requestParameters": call(), "userAgent": json.dumps(call())}
    assert run([nested]).counts["calls_seen"] == 0
    assert run([call(eventName="BatchGetMetrics"), call(eventSource="metrics-sagemaker.amazonaws.com.cn")]).counts["calls_seen"] == 0


def test_calls():
    lone = "\ud800"
    for record, reason in (
        (call("", userAgent=lone), "bad_text"), (call("", eventTime=7), "no_event_id"), (call(eventTime=1709251200), "bad_event_time"),
        (call(eventTime="2012-12-31T23:59:59Z"), "bad_event_time"), (call(eventTime="2024-03-04T00:00:00Z"), "bad_event_time"),
        (call(recipientAccountId="a/b", requestParameters="HIDDEN_DUE_TO_SECURITY_REASONS"), "unsafe_partition_value"),
        (call(awsRegion="x" * 65), "unsafe_partition_value"), (call(requestParameters={"metricData": []}), "no_metric_data"),
        (call(requestParameters={"metricData": [1]}), "no_trial_component"), (call(userIdentity={"arn": lone}), "bad_text"),
    ):  # fmt: skip
        expected = run([record])
        assert reasons(expected) == [reason] and expected.counts["points_seen"] == 0, record
        assert expected.rejects[0].metric_index is None
    assert rows(run([call(eventTime="2024-03-03T23:59:59Z", tlsDetails={"x": lone})]))
    old = call(requestParameters={"resourceArn": "arn:x/early", "metricData": [point()]})
    assert rows(run([old]))[0]["trial_component_name"] == "early"
    others = [1, {"type": "x", "ARN": "a/other"}, {"type": oracle.TRIAL_COMPONENT, "ARN": "a/b/ours", "accountId": "1"}]
    bare = call(requestParameters={"metricData": [point()]}, resources=others)
    assert rows(run([bare]))[0]["trial_component_name"] == "ours"
    assert rows(run([bare | {"resources": others[:2]}]))[0]["resource_type"] == "x"
    bare.pop("recipientAccountId")
    assert list(run([bare | {"awsRegion": "eu-west-1"}]).metrics) == [("012345678901", "eu-west-1", "2024-03-01")]


def test_points():
    points = [1, point(metricName="\udfff", value=True), point(metricName="", value=None), point(value="x", timestamp=-1),
              point(timestamp=-1, step=True), point(step=True), point()]  # fmt: skip
    expected = run([call(points=points)])
    assert reasons(expected) == ["not_a_point", "bad_text", "bad_metric_name", "bad_value", "bad_timestamp", "bad_step"]
    assert [row["metric_index"] for row in rows(expected)] == [6] and expected.counts["points_seen"] == 7
    errors = {"errors": [{"metricIndex": 1.0, "code": "A"}, {"metricIndex": 1, "code": "B"}, {"metricIndex": "0"}, {"metricIndex": 0.5}]}
    found = rows(run([call(points=[point(), point()], responseElements=errors)]))
    assert [(row["accepted"], row["error_code"]) for row in found] == [(True, None), (False, "A")]
    found = rows(run([call(points=[point(), point()], responseElements=errors, errorCode="C")]))
    assert [(row["accepted"], row["error_code"]) for row in found] == [(False, "C"), (False, "C")]


def test_versions():
    agent = lambda *objects: [(row["event_id"], row["user_agent"], row["correction_id"]) for row in rows(run(*objects))]
    later = "2024-03-01T00:00:01Z"
    assert agent([call(userAgent="old")], [call(userAgent="new")]) == [("e1", "old", None)]
    assert agent([call(userAgent="old")], [call(userAgent="new", eventTime=later)]) == [("e1", "new", None)]
    assert agent([call(userAgent="b"), call(userAgent="a"), call(userAgent="c")]) == [("e1", "a", None)]
    assert agent([correction("c1", "e1", userAgent="fix")], [call(eventTime=later)]) == [("e1", "fix", "c1")]
    both = [correction("c1", "e1", userAgent="one"), correction("c2", "e1", userAgent="two")]
    assert agent(both[::-1], [call()]) == [("e1", "two", "c2")]
    assert agent([correction("c1", "e1", points=[1])], [call(userAgent="old")]) == [("e1", "old", None)]
    assert len(agent([correction("c1", "e1", eventTime="2024-03-02T00:00:00Z")], [call()])) == 2
    assert agent([call("e2", addendum={"reason": "UPDATED_DATA"})]) == [("e2", None, None)]
    assert agent([call("e2", addendum={"reason": "DELIVERY_DELAY", "originalEventID": "e1"})], [call()])[1][2] is None
    values = lambda *points: [row["value"] for row in rows(run([call(points=[p]) for p in points]))]
    assert math.copysign(1, values(point(value=0.0), point(value=-0.0))[0]) == -1
    assert values(point(value="NaN"), point(value="Infinity")) == [math.inf]
    assert len(rows(run([call(points=[point(), point()]), call()]))) == 1


def test_copies():
    with tempfile.TemporaryDirectory() as folder:
        good, name = gzip.compress(json.dumps({"Records": [call()]}).encode()), NAME.format("same")
        for day, data in (("2024/03/01", good[:-9]), ("2024/03/02", good), ("2024/03/03", b"")):
            path = Path(folder, DAY[:-10], day, name)
            path.parent.mkdir(parents=True)
            path.write_bytes(data)
        counts = compute([Path(folder)]).counts
        assert [counts[key] for key in ("listed", "read", "skipped", "failed")] == [3, 1, 2, 0]
        selection = oracle.Selection(since="2024-03-03")
        assert compute([Path(folder)], selection=selection).counts["failed"] == 1
        assert compute([Path(folder)], "flat", selection).counts["listed"] == 0


if __name__ == "__main__":
    for title, test in list(globals().items()):
        if title.startswith("test_"):
            test()
            print("ok", title)
