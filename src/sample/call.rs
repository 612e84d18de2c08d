//! BatchPutMetrics records as CloudTrail writes them.
//!
//! Owns the envelope and the order of its members. Takes a spec, a place and the number of a call
//! in it; gives the record as a tree, so that an oddity can bend any part of it. Every call can be
//! told at any time, from any object: that is how copies and corrections know their originals.

use super::json::Json;
use super::place::Place;
use super::run::{BATCH, Batch, Point};
use super::scene::{Scene, partition, rng};
use super::spec::Spec;

/// The resource type of a run.
pub(super) const RUN_TYPE: &str = "AWS::SageMaker::ExperimentTrialComponent";

/// Seconds between two calls of a run, for the times of its points.
const PAUSE_MAX: i64 = 3600;

/// The SDK's name for itself.
pub(super) const BOTO: &str = "Boto3/1.34.84 md/Botocore#1.34.84 ua/2.0 os/linux#5.10.213-201.855.amzn2.x86_64 md/arch#x86_64 lang/python#3.10.14 md/pyimpl#CPython cfg/retry-mode#legacy Botocore/1.34.84";

/// Call number `number` of an object.
pub(super) fn call(spec: &Spec, place: &Place<'_>, number: u32) -> Json {
    let batch = Batch::of(spec, place.lane, place.first_call + u64::from(number));
    let mut rng = rng(&[spec.seed, place.index, number.into(), 0xCA11]);
    let time = place.time(number, spec.calls, &mut rng);
    let mut scene = Scene { account: place.account, region: place.region, time, rng };
    let run = batch.trial_component();
    let (account, region, aws) = (place.account, place.region, partition(place.region));
    let arn = format!("arn:{aws}:sagemaker:{region}:{account}:experiment-trial-component/{run}");
    Json::Object(vec![
        ("eventVersion", r#""1.09""#.into()),
        ("userIdentity", identity(&scene, &batch).into()),
        ("eventTime", scene.text(r#""$T""#).into()),
        ("eventSource", r#""metrics-sagemaker.amazonaws.com""#.into()),
        ("eventName", r#""BatchPutMetrics""#.into()),
        ("awsRegion", Json::string(region)),
        ("sourceIPAddress", scene.text(r#""$I""#).into()),
        ("userAgent", Json::string(BOTO)),
        (
            "requestParameters",
            Json::Object(vec![
                ("trialComponentName", Json::string(&run)),
                ("metricData", points(spec, place, &batch, time)),
            ]),
        ),
        ("responseElements", response(&mut scene)),
        ("requestID", scene.text(r#""$U""#).into()),
        ("eventID", scene.text(r#""$U""#).into()),
        ("readOnly", "false".into()),
        ("resources", Json::Array(vec![resource(account, RUN_TYPE, &arn)])),
        ("eventType", r#""AwsApiCall""#.into()),
        ("managementEvent", "false".into()),
        ("recipientAccountId", Json::string(account)),
        ("eventCategory", r#""Data""#.into()),
        (
            "tlsDetails",
            Json::Object(vec![
                ("tlsVersion", r#""TLSv1.3""#.into()),
                ("cipherSuite", r#""TLS_AES_128_GCM_SHA256""#.into()),
                (
                    "clientProvidedHostHeader",
                    scene.text(r#""metrics.sagemaker.$R.amazonaws.com""#).into(),
                ),
            ]),
        ),
    ])
}

/// An entry of `resources`.
pub(super) fn resource(account: &str, kind: &str, arn: &str) -> Json {
    Json::Object(vec![
        ("accountId", Json::string(account)),
        ("type", Json::string(kind)),
        ("ARN", Json::string(arn)),
    ])
}

/// Who trains: one session for a whole run.
fn identity(scene: &Scene<'_>, batch: &Batch) -> String {
    let mut scene = Scene { rng: rng(&[batch.run.seed]), ..*scene };
    let mut out = String::with_capacity(640);
    scene.role(&mut out, 99, "SageMakerExecution", "SageMaker");
    out
}

/// The points gathered since the run's last call, those of one step at one time. The SDK sends
/// whole seconds, CloudTrail shows milliseconds.
fn points(spec: &Spec, place: &Place<'_>, batch: &Batch, time: i64) -> Json {
    let pause = place.window * i64::from(spec.parallel_runs) / i64::from(spec.calls);
    let points = batch.points(spec);
    let last = points.last().map_or(0, |point| point.step);
    let told = |point: &Point| {
        let before = i64::from(last - point.step) * i64::from(spec.metrics);
        let logged = time - pause.min(PAUSE_MAX) * before / i64::from(BATCH);
        let mut members = Vec::with_capacity(4);
        members.push(("metricName", Json::string(point.metric)));
        members.push(("timestamp", (logged * 1000).to_string().into()));
        if point.stepped {
            members.push(("step", point.step.to_string().into()));
        }
        members.push(("value", point.value.to_string().into()));
        Json::Object(members)
    };
    Json::Array(points.iter().map(told).collect())
}

/// The service says that there were no errors in more than one way.
fn response(scene: &mut Scene<'_>) -> Json {
    if scene.rng.bool() { "null".into() } else { r#"{"errors":[]}"#.into() }
}
