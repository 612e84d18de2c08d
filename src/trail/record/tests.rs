//! The semantics of a record, literally.

use super::*;

const NAME: &str = "012345678901_CloudTrail_eu-west-1_20221214T2200Z_AbCdEfGhIjKlMnOp.json.gz";

/// The sample event of the SageMaker developer guide, with the envelope it leaves out.
const SAMPLE: &str = r#"{
    "eventVersion": "1.08",
    "userIdentity": {"type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/r/s", "accountId": "1"},
    "eventTime": "2022-12-14T21:53:41Z",
    "eventSource": "metrics-sagemaker.amazonaws.com",
    "eventName": "BatchPutMetrics",
    "awsRegion": "us-east-1",
    "sourceIPAddress": "192.0.2.0",
    "userAgent": "aws-cli/2.7.25",
    "requestParameters": {
        "trialComponentName": "trial-component-name",
        "metricData": [{"metricName": "foo", "timestamp": 1670366870000, "step": 101, "value": 0.9}]
    },
    "responseElements": null,
    "requestID": "request",
    "eventID": "event",
    "resources": [{
        "accountId": "abcdef01234567890",
        "type": "AWS::SageMaker::ExperimentTrialComponent",
        "ARN": "arn:aws:sagemaker:us-east-1:1234567890abcdef0:experiment-trial-component/of-the-arn"
    }],
    "recipientAccountId": "1234567890abcdef0"
}"#;

fn name() -> LogName {
    NAME.parse().unwrap()
}

/// The sample with one text in place of another.
fn with(from: &str, to: &str) -> String {
    assert!(SAMPLE.contains(from), "{from}");
    SAMPLE.replace(from, to)
}

fn rejected(json: &str) -> Reason {
    read(json.as_bytes(), &name()).expect_err(json).reason
}

/// The sample's only point with this value, timestamp and step.
fn point(value: &str, time: &str, step: &str) -> Result<(f64, Millis, Option<i64>), Reason> {
    let json = with(
        "\"timestamp\": 1670366870000, \"step\": 101, \"value\": 0.9",
        &format!("\"timestamp\": {time}, \"step\": {step}, \"value\": {value}"),
    );
    let record = read(json.as_bytes(), &name()).unwrap();
    match record.points.first() {
        Some(point) => Ok((point.value, point.metric_time, point.step)),
        None => Err(record.bad_points[0].reason),
    }
}

#[test]
fn the_published_sample() {
    let record = read(SAMPLE.as_bytes(), &name()).unwrap();
    let Call { account, region, event_time, event_id, trial_component_name, .. } = &record.call;
    assert_eq!((&**account, &**region), ("1234567890abcdef0", "us-east-1"));
    assert_eq!((*event_time, &**event_id), (1_671_054_821_000, "event"));
    assert_eq!(trial_component_name, "trial-component-name");
    assert_eq!(record.call.correction_id, None);
    assert_eq!(record.call.principal_arn.as_deref(), Some("arn:aws:sts::1:assumed-role/r/s"));
    assert_eq!(record.call.resource_account_id.as_deref(), Some("abcdef01234567890"));
    assert_eq!(record.points.len(), 1);
    let point = &record.points[0];
    assert_eq!((&*point.metric_name, point.value, point.step), ("foo", 0.9, Some(101)));
    assert_eq!((point.metric_time, point.metric_index), (1_670_366_870_000, 0));
    assert!(point.accepted && point.error_code.is_none());
}

#[test]
fn values() {
    let value = |text| point(text, "1", "1").map(|(value, ..)| value);
    for (text, expected) in [
        ("1", 1.0),
        ("-1.5e-3", -0.0015),
        ("\"0.25\"", 0.25),
        ("\"+1.\"", 1.0),
        ("\"Infinity\"", f64::INFINITY),
        ("\"-Infinity\"", f64::NEG_INFINITY),
        ("123456789012345678901234567890", 1.234_567_890_123_456_8e29),
        ("1e-400", 0.0),
    ] {
        assert_eq!(value(text), Ok(expected), "{text}");
    }
    assert!(value("-0.0").unwrap().is_sign_negative());
    assert_eq!(value("\"NaN\"").unwrap().to_bits(), f64::NAN.to_bits());
    for text in
        ["1e400", "\"-1e400\"", "null", "true", "\"\"", "\"nan\"", "\"inf\"", "\" 1\"", "[1]", "{}"]
    {
        assert_eq!(value(text), Err(Reason::BadValue), "{text}");
    }
}

#[test]
fn times() {
    let time = |text| point("1", text, "1").map(|(_, time, _)| time);
    for (text, expected) in [
        ("1670366870", 1_670_366_870_000),
        ("1670366870.0005", 1_670_366_870_001),
        ("1.67036687e12", 1_670_366_870_000),
        ("\"1670366870\"", 1_670_366_870_000),
        ("\"2022-12-06T22:47:50Z\"", 1_670_366_870_000),
        ("\"2022-12-06T23:47:50+01:00\"", 1_670_366_870_000),
        ("0", 0),
    ] {
        assert_eq!(time(text), Ok(expected), "{text}");
    }
    for text in
        ["-1", "null", "true", "\"soon\"", "1e30", "\"1969-12-31T23:59:59Z\"", "253402300800000"]
    {
        assert_eq!(time(text), Err(Reason::BadTimestamp), "{text}");
    }
}

#[test]
fn steps() {
    let step = |text| point("1", "1", text).map(|(_, _, step)| step);
    for (text, expected) in [
        ("null", None),
        ("0", Some(0)),
        ("1.0", Some(1)),
        ("1e3", Some(1000)),
        ("\"7\"", Some(7)),
        ("-3", Some(-3)),
        ("9223372036854775807", Some(i64::MAX)),
    ] {
        assert_eq!(step(text), Ok(expected), "{text}");
    }
    for text in ["1.5", "true", "\"\"", "\"x\"", "9223372036854775808", "[]"] {
        assert_eq!(step(text), Err(Reason::BadStep), "{text}");
    }
    let absent = with("\"step\": 101, ", "");
    assert_eq!(read(absent.as_bytes(), &name()).unwrap().points[0].step, None);
}

#[test]
fn one_bad_point_rejects_that_point_alone() {
    let good = r#"{"metricName": "foo", "timestamp": 1670366870000, "step": 101, "value": 0.9}"#;
    let json = with(
        good,
        &format!(
            r#"7, {good}, {{"metricName": ""}}, {{"metricName": "\ud800", "value": 1}}, {good}"#
        ),
    );
    let record = read(json.as_bytes(), &name()).unwrap();
    let indexes: Vec<i32> = record.points.iter().map(|point| point.metric_index).collect();
    assert_eq!(indexes, [1, 4]);
    let bad: Vec<_> = record.bad_points.iter().map(|bad| (bad.metric_index, bad.reason)).collect();
    assert_eq!(bad, [(0, Reason::NotAPoint), (2, Reason::BadMetricName), (3, Reason::BadText)]);
    assert_eq!(record.bad_points[0].raw, b"7");
}

#[test]
fn the_first_reason_that_applies_counts() {
    let no_event = with("\"eventID\": \"event\",", "");
    assert_eq!(rejected(&no_event), Reason::NoEventId);
    assert_eq!(rejected(&no_event.replace("aws-cli", r"\udc00")), Reason::BadText);
    let no_time = no_event.replace("2022-12-14T21:53:41Z", "never");
    assert_eq!(rejected(&no_time), Reason::NoEventId);
    let never = with("2022-12-14T21:53:41Z", "never");
    assert_eq!(rejected(&never.replace("us-east-1\",", "../x\",")), Reason::BadEventTime);
    let unsafe_region = with("\"awsRegion\": \"us-east-1\"", "\"awsRegion\": \"../x\"");
    assert_eq!(
        rejected(&unsafe_region.replace("[{\"metricName", "[], \"x\": [{\"metricName")),
        Reason::UnsafePartitionValue
    );
    let empty = with("[{\"metricName", "[ ], \"x\": [{\"metricName");
    assert_eq!(rejected(&empty), Reason::NoMetricData);
    let nameless = with("\"trialComponentName\": \"trial-component-name\",", "");
    assert_eq!(rejected(&nameless.replace("\"ARN\"", "\"arn\"")), Reason::NoTrialComponent);
}

#[test]
fn event_times_that_cannot_be() {
    let at = |time: &str| {
        read(with("2022-12-14T21:53:41Z", time).as_bytes(), &name())
            .map(drop)
            .map_err(|bad| bad.reason)
    };
    for time in ["2013-01-01T00:00:00Z", "2022-12-16T23:59:59Z", "2022-12-14"] {
        assert_eq!(at(time), Ok(()), "{time}");
    }
    for time in ["2012-12-31T23:59:59Z", "2022-12-17T00:00:00Z", "1671054821", ""] {
        assert_eq!(at(time), Err(Reason::BadEventTime), "{time}");
    }
}

#[test]
fn hidden_and_omitted_parameters() {
    let start = SAMPLE.find("{\n        \"trialComponentName").unwrap();
    let end = SAMPLE.find(",\n    \"responseElements").unwrap();
    for parameters in [
        r#""HIDDEN_DUE_TO_SECURITY_REASONS""#,
        r#"{"omitted": true}"#,
        "null",
        r#"{"metricData": {}}"#,
    ] {
        let json = format!("{}{parameters}{}", &SAMPLE[..start], &SAMPLE[end..]);
        assert_eq!(rejected(&json), Reason::NoMetricData, "{parameters}");
    }
}

#[test]
fn the_run_is_named_in_three_places() {
    let run =
        |json: &str| read(json.as_bytes(), &name()).unwrap().call.trial_component_name.into_owned();
    let named = "\"trialComponentName\": \"trial-component-name\"";
    let early = "\"resourceArn\": \"arn:aws:sagemaker:r:1:experiment-trial-component/early\"";
    assert_eq!(run(&with(named, early)), "early");
    assert_eq!(run(&with(named, "\"trialComponentName\": \"\"")), "of-the-arn");
    assert_eq!(run(&with(named, &format!("{early}, {named}"))), "trial-component-name");
}

#[test]
fn account_and_region_fall_back_to_the_file_name() {
    let json = with("\"awsRegion\": \"us-east-1\",", "")
        .replace("\"recipientAccountId\": \"1234567890abcdef0\"", "\"x\": 1");
    let record = read(json.as_bytes(), &name()).unwrap();
    assert_eq!((&*record.call.account, &*record.call.region), ("012345678901", "eu-west-1"));
}

#[test]
fn refused_points_and_calls() {
    let errors = r#"{"errors": [{"code": "CONFLICT_ERROR", "metricIndex": 0}, {"code": "OTHER", "metricIndex": 0}]}"#;
    let partial = with("\"responseElements\": null", &format!("\"responseElements\": {errors}"));
    let record = read(partial.as_bytes(), &name()).unwrap();
    assert!(!record.points[0].accepted);
    assert_eq!(record.points[0].error_code.as_deref(), Some("CONFLICT_ERROR"));
    let failed = partial.replace(
        "\"requestID\"",
        "\"errorCode\": \"Throttled\", \"errorMessage\": \"slow\", \"requestID\"",
    );
    let record = read(failed.as_bytes(), &name()).unwrap();
    assert!(!record.points[0].accepted);
    assert_eq!(record.points[0].error_code.as_deref(), Some("Throttled"));
    assert_eq!(record.points[0].error_message.as_deref(), Some("slow"));
    let other = partial.replace("\"metricIndex\": 0", "\"metricIndex\": 1.0");
    assert!(read(other.as_bytes(), &name()).unwrap().points[0].accepted);
}

#[test]
fn corrections() {
    let addendum =
        |text: &str| with("\"requestID\"", &format!("\"addendum\": {text}, \"requestID\""));
    let ids = |json: &str| {
        let call = read(json.as_bytes(), &name()).unwrap().call;
        (call.event_id.into_owned(), call.correction_id.map(Text::into_owned))
    };
    let update = addendum(r#"{"reason": "UPDATED_DATA", "originalEventID": "first"}"#);
    assert_eq!(ids(&update), ("first".to_owned(), Some("event".to_owned())));
    for ordinary in [
        r#"{"reason": "UPDATED_DATA"}"#,
        r#"{"reason": "DELIVERY_DELAY", "originalEventID": "first"}"#,
        "\"UPDATED_DATA\"",
    ] {
        assert_eq!(ids(&addendum(ordinary)), ("event".to_owned(), None), "{ordinary}");
    }
}

#[test]
fn text_that_cannot_be_unicode_matters_only_where_it_is_used() {
    let unused = with("\"requestID\"", "\"unused\": \"\\ud800\", \"requestID\"");
    assert!(read(unused.as_bytes(), &name()).is_ok());
    let mut bytes = SAMPLE.as_bytes().to_vec();
    let at = SAMPLE.find("192.0").unwrap();
    bytes[at] = 0xff;
    assert_eq!(read(&bytes, &name()).unwrap_err().reason, Reason::BadText);
}

#[test]
fn of_several_resources_the_run_counts() {
    let other = r#"[7, {"type": "AWS::Other", "ARN": "arn:other/x"}, {"#;
    let record = with("[{\n        \"accountId\"", &format!("{other}\n        \"accountId\""));
    let record = read(record.as_bytes(), &name()).unwrap();
    assert_eq!(
        record.call.resource_type.as_deref(),
        Some("AWS::SageMaker::ExperimentTrialComponent")
    );
    assert!(record.call.trial_component_arn.unwrap().ends_with("/of-the-arn"));
}

#[test]
fn the_last_of_repeated_members_wins_and_names_may_be_escaped() {
    let json = with("\"eventID\": \"event\"", r#""eventID": "early", "event\u0049D": "late""#);
    assert_eq!(read(json.as_bytes(), &name()).unwrap().call.event_id, "late");
}
