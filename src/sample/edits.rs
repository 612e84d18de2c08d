//! The oddities of records that take more than one literal.
//!
//! Owns one function for each. Takes a sound call, bends it or makes records to stand beside it;
//! does not know what becomes of them.

use chrono::DateTime;

use super::bend::{Stage, points};
use super::call::{RUN_TYPE, resource};
use super::json::Json;
use super::place::DAY;
use super::scene::{Scene, iso, partition};

/// Names that are longer than any that SageMaker takes.
const NAME_CHARS: usize = 10_000;

/// More levels than a recursive parser's usual limit.
const LEVELS: usize = 200;

/// The event took place as many days after the object's minute.
pub(super) fn days_off(call: &mut Json, stage: &mut Stage<'_>, days: i64) {
    set_time(call, stage.place.minute + days * DAY);
}

/// The event took place some seconds after the midnight as many days after the object's date.
pub(super) fn midnight(call: &mut Json, stage: &mut Stage<'_>, days: i64, seconds: i64) {
    set_time(call, stage.place.day() + days * DAY + seconds);
}

/// The event once more.
pub(super) fn repeat(stage: &mut Stage<'_>) -> Vec<Json> {
    vec![stage.event.clone()]
}

/// The event once more, with other values and a point less.
pub(super) fn other_content(stage: &mut Stage<'_>) -> Vec<Json> {
    let mut other = stage.event.clone();
    revalue(&mut other, stage);
    let points = points(&mut other);
    points.truncate((points.len() - 1).max(1));
    vec![other]
}

/// A correction of the event.
pub(super) fn correction(stage: &mut Stage<'_>) -> Vec<Json> {
    vec![correct(stage.event.clone(), stage)]
}

/// Two corrections of it.
pub(super) fn two_corrections(stage: &mut Stage<'_>) -> Vec<Json> {
    [correction(stage), correction(stage)].concat()
}

/// A correction of it, and one of that.
pub(super) fn correction_of_correction(stage: &mut Stage<'_>) -> Vec<Json> {
    let first = correct(stage.event.clone(), stage);
    let second = correct(first.clone(), stage);
    vec![first, second]
}

/// A correction that lists no points.
pub(super) fn empty_correction(stage: &mut Stage<'_>) -> Vec<Json> {
    let mut empty = correct(stage.event.clone(), stage);
    points(&mut empty).clear();
    vec![empty]
}

/// A correction of which no point can be used.
pub(super) fn unusable_correction(stage: &mut Stage<'_>) -> Vec<Json> {
    let mut unusable = correct(stage.event.clone(), stage);
    points(&mut unusable).iter_mut().for_each(|point| point.set("value", "null"));
    vec![unusable]
}

/// A correction that says that the event took place a day later.
pub(super) fn correction_next_day(stage: &mut Stage<'_>) -> Vec<Json> {
    let mut moved = correct(stage.event.clone(), stage);
    let time = time(&mut moved) + DAY;
    set_time(&mut moved, time);
    vec![moved]
}

/// A correction of an event of no trail.
pub(super) fn orphan(call: &mut Json, stage: &mut Stage<'_>) {
    call.set("eventID", uuid(stage));
    *call = correct(call.clone(), stage);
}

/// An outage's addendum, with an original id that means nothing then.
pub(super) fn outage(call: &mut Json, stage: &mut Stage<'_>) {
    call.set(
        "addendum",
        Json::Object(vec![
            ("reason", r#""SERVICE_OUTAGE""#.into()),
            ("originalEventID", uuid(stage)),
        ]),
    );
}

/// The run's ARN in place of its name.
pub(super) fn resource_arn(call: &mut Json, _: &mut Stage<'_>) {
    let arn =
        call.get("resources").and_then(|resources| resources.elements()[0].get("ARN")).cloned();
    let parameters = call.get("requestParameters").expect("every call has parameters");
    parameters.remove("trialComponentName");
    parameters.set("resourceArn", arn.expect("every call has a resource"));
}

/// Neither a name nor a resource.
pub(super) fn no_run(call: &mut Json, _: &mut Stage<'_>) {
    call.get("requestParameters").expect("every call has parameters").remove("trialComponentName");
    call.set("resources", "[]");
}

/// Resources before and after the run, one of them without a type, one no object.
pub(super) fn many_resources(call: &mut Json, stage: &mut Stage<'_>) {
    let account = stage.place.account;
    let aws = partition(stage.place.region);
    let run = call.get("resources").map(|resources| resources.elements()[0].clone());
    let bucket = resource(account, "AWS::S3::Bucket", &format!("arn:{aws}:s3:::models"));
    let untyped = Json::Object(vec![("ARN", Json::string("arn:aws:sagemaker:::x/untyped"))]);
    let other =
        resource(account, RUN_TYPE, "arn:aws:sagemaker:::experiment-trial-component/second");
    let run = run.expect("every call has a resource");
    call.set("resources", Json::Array(vec!["7".into(), bucket, untyped, run, other]));
}

/// A call that sent more points than there may be.
pub(super) fn failed(call: &mut Json, _: &mut Stage<'_>) {
    let points = points(call);
    while points.len() < 25 {
        points.push(points[0].clone());
    }
    call.set("errorCode", r#""ValidationException""#);
    call.set("errorMessage", r#""1 validation error detected: Member must have length \"<= 10\"""#);
    call.set("responseElements", "null");
}

/// An error of the call and one of a point.
pub(super) fn failed_twice(call: &mut Json, _: &mut Stage<'_>) {
    call.set("errorCode", r#""ThrottlingException""#);
    call.set("responseElements", r#"{"errors":[{"code":"CONFLICT_ERROR","metricIndex":0}]}"#);
}

/// Every reason for which a call is a reject, but the text's.
pub(super) fn all_wrong(call: &mut Json, _: &mut Stage<'_>) {
    call.remove("eventID");
    call.set("eventTime", "null");
    call.set("recipientAccountId", r#""../x""#);
    call.set("requestParameters", "null");
    call.set("resources", "null");
}

/// A metric's name that fills pages.
pub(super) fn long_name(call: &mut Json, _: &mut Stage<'_>) {
    points(call)[0].set("metricName", Json::string(&"loss/".repeat(NAME_CHARS / 5)));
}

/// Lists in lists in an unused member.
pub(super) fn deep(call: &mut Json, _: &mut Stage<'_>) {
    let text = ["[".repeat(LEVELS), "]".repeat(LEVELS)].concat();
    call.set("additionalEventData", Json::from(text));
}

/// The record in a list, where a record belongs.
pub(super) fn listed(stage: &mut Stage<'_>) -> Vec<Json> {
    vec![Json::Array(vec![renamed(stage)])]
}

/// S3's record of somebody whose user agent is a call.
pub(super) fn agent_decoy(stage: &mut Stage<'_>) -> Vec<Json> {
    let mut decoy = another(stage, r#""s3.amazonaws.com""#, r#""ListBuckets""#);
    decoy.set("userAgent", Json::escaped(&renamed(stage).text()));
    decoy.set("requestParameters", "null");
    vec![decoy]
}

/// S3's record of an object whose key is a call.
pub(super) fn key_decoy(stage: &mut Stage<'_>) -> Vec<Json> {
    let mut decoy = another(stage, r#""s3.amazonaws.com""#, r#""PutObject""#);
    let key = Json::escaped(&renamed(stage).text());
    decoy
        .set("requestParameters", Json::Object(vec![("bucketName", "\"b\"".into()), ("key", key)]));
    vec![decoy]
}

/// A record of an event bus, in which a call is nested as it is.
pub(super) fn nested_decoy(stage: &mut Stage<'_>) -> Vec<Json> {
    let mut decoy = another(stage, r#""events.amazonaws.com""#, r#""PutEvents""#);
    let entries = Json::Array(vec![Json::Object(vec![("detail", renamed(stage))])]);
    decoy.set("requestParameters", Json::Object(vec![("entries", entries)]));
    vec![decoy]
}

/// Another event of our source.
pub(super) fn other_event(stage: &mut Stage<'_>) -> Vec<Json> {
    vec![another(stage, r#""metrics-sagemaker.amazonaws.com""#, r#""BatchGetMetrics""#)]
}

/// Our event of another source.
pub(super) fn other_source(stage: &mut Stage<'_>) -> Vec<Json> {
    vec![another(stage, r#""metrics-sagemaker.example.com""#, r#""BatchPutMetrics""#)]
}

/// A source that is no text.
pub(super) fn source_object(stage: &mut Stage<'_>) -> Vec<Json> {
    let source = r#"{"eventSource":"metrics-sagemaker.amazonaws.com"}"#;
    vec![another(stage, source, r#""BatchPutMetrics""#)]
}

/// The event under an id of its own: if it became a row, that would be seen.
fn renamed(stage: &mut Stage<'_>) -> Json {
    let mut record = stage.event.clone();
    record.set("eventID", uuid(stage));
    record
}

fn another(stage: &mut Stage<'_>, source: &'static str, event: &'static str) -> Json {
    let mut record = renamed(stage);
    record.set("eventSource", source);
    record.set("eventName", event);
    record
}

/// The event as corrected a little later, on the same date.
fn correct(mut event: Json, stage: &mut Stage<'_>) -> Json {
    let original = event.get("eventID").expect("every call has an id").clone();
    let time = time(&mut event);
    let left = DAY - 1 - time.rem_euclid(DAY);
    set_time(&mut event, time + stage.rng.i64(0..600).min(left));
    event.set("eventID", uuid(stage));
    event.set(
        "addendum",
        Json::Object(vec![
            ("reason", r#""UPDATED_DATA""#.into()),
            ("updatedFields", r#""requestParameters""#.into()),
            ("originalEventID", original),
        ]),
    );
    revalue(&mut event, stage);
    event
}

fn revalue(event: &mut Json, stage: &mut Stage<'_>) {
    for point in points(event) {
        point.set("value", Json::from(stage.rng.f64().to_string()));
    }
}

fn uuid(stage: &mut Stage<'_>) -> Json {
    let Stage { place, rng, .. } = stage;
    let mut scene =
        Scene { account: place.account, region: place.region, time: 0, rng: rng.fork() };
    scene.text(r#""$U""#).into()
}

fn set_time(call: &mut Json, seconds: i64) {
    call.set("eventTime", Json::string(&iso(seconds)));
}

fn time(call: &mut Json) -> i64 {
    let text = call.get("eventTime").expect("every call has a time").text();
    let time = DateTime::parse_from_rfc3339(text.trim_matches('"'));
    time.expect("a sound call's time is readable").timestamp()
}
