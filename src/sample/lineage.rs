//! Lineage events: what ties a run to its trial and its experiment.
//!
//! Owns what the SDK calls when a run begins and when it ends. Takes a scene and a batch, appends
//! records to a list of texts. As the SDK does, it tries to create what there already is, and
//! fails: only the first run of a lane makes its experiment.

use super::call::BOTO;
use super::run::Batch;
use super::scene::{Scene, push};

/// What goes between the name of an event and its parameters.
const MIDDLE: &str = r#"","awsRegion":"$R","sourceIPAddress":"$I","userAgent":""#;

const TAIL: &str = r#","requestID":"$U","eventID":"$U","readOnly":false,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"$A","eventCategory":"Management","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"api.sagemaker.$R.amazonaws.com"}}"#;

/// One event: name, parameters, what was made (or what there already was).
type Event = (&'static str, String, Result<String, &'static str>);

/// The lineage events around a call, as texts, in the order of time.
pub(super) fn lineage(scene: &mut Scene<'_>, batch: &Batch) -> Vec<String> {
    let begin = if batch.number == 0 { begin(scene, batch) } else { Vec::new() };
    let end = if batch.last { vec![end(scene, batch)] } else { Vec::new() };
    begin.iter().chain(&end).map(|event| record(scene, event)).collect()
}

/// `with Run(...)`: three attempts to create, an association, and the run is on.
fn begin(scene: &mut Scene<'_>, batch: &Batch) -> Vec<Event> {
    let (experiment, run) = (batch.run.experiment, batch.trial_component());
    let trial = format!("Default-Run-Group-{experiment}");
    let first = batch.run.name.starts_with("run-0000");
    let made = |kind: &str, name: &str, arn: String| match first || kind == "trialComponent" {
        true => Ok(format!(r#"{{"{kind}Arn":"{arn}{name}"}}"#)),
        false => Err("ValidationException"),
    };
    let experiment_arn = scene.text("arn:$P:sagemaker:$R:$A:experiment/");
    let trial_arn = scene.text("arn:$P:sagemaker:$R:$A:experiment-trial/");
    let run_arn = scene.text("arn:$P:sagemaker:$R:$A:experiment-trial-component/");
    let started = scene.time * 1000;
    vec![
        (
            "CreateExperiment",
            format!(r#"{{"experimentName":"{experiment}"}}"#),
            made("experiment", experiment, experiment_arn),
        ),
        (
            "CreateTrial",
            format!(r#"{{"trialName":"{trial}","experimentName":"{experiment}"}}"#),
            made("trial", &trial.to_lowercase(), trial_arn.clone()),
        ),
        (
            "CreateTrialComponent",
            format!(
                r#"{{"trialComponentName":"{run}","displayName":"{}","tags":[{{"key":"sagemaker:trial-component-source","value":"run"}}]}}"#,
                batch.run.name
            ),
            made("trialComponent", &run, run_arn.clone()),
        ),
        (
            "AssociateTrialComponent",
            format!(r#"{{"trialComponentName":"{run}","trialName":"{trial}"}}"#),
            Ok(format!(
                r#"{{"trialComponentArn":"{run_arn}{run}","trialArn":"{trial_arn}{}"}}"#,
                trial.to_lowercase()
            )),
        ),
        (
            "UpdateTrialComponent",
            format!(
                r#"{{"trialComponentName":"{run}","displayName":"{}","status":{{"primaryStatus":"InProgress","message":"Within a run context"}},"startTime":{started},"parameters":{{"optimizer":{{"stringValue":"adam"}},"batch_size":{{"numberValue":64.0}}}}}}"#,
                batch.run.name
            ),
            Ok(format!(r#"{{"trialComponentArn":"{run_arn}{run}"}}"#)),
        ),
    ]
}

/// The run is over.
fn end(scene: &mut Scene<'_>, batch: &Batch) -> Event {
    let (run, ended) = (batch.trial_component(), scene.time * 1000);
    let arn = scene.text("arn:$P:sagemaker:$R:$A:experiment-trial-component/");
    let parameters = format!(
        r#"{{"trialComponentName":"{run}","status":{{"primaryStatus":"Completed"}},"endTime":{ended},"outputArtifacts":{{"model":{{"mediaType":"application/gzip","value":"s3://models/{run}/model.tar.gz"}}}}}}"#
    );
    ("UpdateTrialComponent", parameters, Ok(format!(r#"{{"trialComponentArn":"{arn}{run}"}}"#)))
}

fn record(scene: &mut Scene<'_>, (name, parameters, made): &Event) -> String {
    let mut out = scene.text(
        r#"{"eventVersion":"1.09","userIdentity":$W,"eventTime":"$T","eventSource":"sagemaker.amazonaws.com","eventName":""#,
    );
    out.push_str(name);
    scene.fill(&mut out, MIDDLE);
    out.push_str(BOTO);
    let response = match made {
        Ok(response) => response,
        Err(code) => {
            push(
                &mut out,
                format_args!(r#"","errorCode":"{code}","errorMessage":"already exists"#),
            );
            "null"
        }
    };
    push(
        &mut out,
        format_args!(r#"","requestParameters":{parameters},"responseElements":{response}"#),
    );
    scene.fill(&mut out, TAIL);
    out
}
