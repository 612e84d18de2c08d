//! One BatchPutMetrics record: a call with its points, or the reason why not.
//!
//! Takes a record's text and the name of its log object; gives borrowed values that are checked and
//! typed. It does not know the tables: which columns there are is decided in [`crate::table`].
//! Sources: "CloudTrail record contents" (AWS CloudTrail user guide), the BatchPutMetrics API
//! (SageMaker API reference), and the sample event of the SageMaker developer guide.

mod fields;
mod point;
mod reason;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use super::json::Cursor;
use super::key::{LogName, is_safe_segment};
use super::time::{Millis, YEAR_2013, date_of, parse_iso};
use super::window::days_between;
use fields::{Fields, Texts, string};
use point::{Refusal, read_points};
pub use reason::Reason;

/// An event may lie this many days behind the date of its delivery (clocks, midnight).
const DAYS_AHEAD_MAX: i32 = 2;

/// Text that is mostly borrowed from the record.
pub type Text<'a> = Cow<'a, str>;

/// What is said once for all points of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Call<'a> {
    /// Account of the partition; a safe path segment.
    pub account: Text<'a>,
    /// Region of the partition; a safe path segment.
    pub region: Text<'a>,
    /// When the call completed.
    pub event_time: Millis,
    /// The event: of a correction, the one that it corrects.
    pub event_id: Text<'a>,
    /// The correction's own id.
    pub correction_id: Option<Text<'a>>,
    /// The run.
    pub trial_component_name: Text<'a>,
    /// `requestID`.
    pub request_id: Option<Text<'a>>,
    /// `resources[].ARN`.
    pub trial_component_arn: Option<Text<'a>>,
    /// `resources[].type`.
    pub resource_type: Option<Text<'a>>,
    /// `resources[].accountId`.
    pub resource_account_id: Option<Text<'a>>,
    /// `userIdentity.arn`.
    pub principal_arn: Option<Text<'a>>,
    /// `userIdentity.type`.
    pub principal_type: Option<Text<'a>>,
    /// `userIdentity.accountId`.
    pub principal_account_id: Option<Text<'a>>,
    /// `sourceIPAddress`.
    pub source_ip: Option<Text<'a>>,
    /// `userAgent`.
    pub user_agent: Option<Text<'a>>,
    /// `vpcEndpointId`.
    pub vpc_endpoint_id: Option<Text<'a>>,
    /// `eventVersion`.
    pub event_version: Option<Text<'a>>,
}

/// One usable element of `metricData`.
#[derive(Debug, Clone, PartialEq)]
pub struct Point<'a> {
    /// Position in `metricData`, from 0.
    pub metric_index: i32,
    /// `metricName`; not empty.
    pub metric_name: Text<'a>,
    /// `step`.
    pub step: Option<i64>,
    /// `value`; NaN and infinities are values.
    pub value: f64,
    /// `timestamp`.
    pub metric_time: Millis,
    /// False where the service refused the call or this point of it.
    pub accepted: bool,
    /// Why it was refused.
    pub error_code: Option<Text<'a>>,
    /// Why it was refused, in words.
    pub error_message: Option<Text<'a>>,
}

/// An element of `metricData` that is no row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadPoint<'a> {
    /// Position in `metricData`, from 0.
    pub metric_index: i32,
    /// Why.
    pub reason: Reason,
    /// The element's text.
    pub raw: &'a [u8],
}

/// A record whose call is good. Each of its points is usable or bad.
#[derive(Debug, Clone, PartialEq)]
pub struct Record<'a> {
    /// What all points share.
    pub call: Call<'a>,
    /// The usable points, in order; may be empty.
    pub points: Vec<Point<'a>>,
    /// The others, in order.
    pub bad_points: Vec<BadPoint<'a>>,
    /// `eventID` as the record has it.
    pub own_event_id: Text<'a>,
}

/// A record whose call is rejected as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct BadCall<'a> {
    /// Why.
    pub reason: Reason,
    /// `eventID`, where it can be read.
    pub event_id: Option<Text<'a>>,
}

/// Reads one record of the log object `name`. `raw` is a JSON object.
///
/// # Errors
/// The whole call is rejected.
///
/// # Panics
/// Where `raw` was not checked by [`super::scan`].
pub fn read<'a>(raw: &'a [u8], name: &LogName) -> Result<Record<'a>, BadCall<'a>> {
    let fields = Fields::of(raw).expect("scan has seen the end of the JSON");
    let event_id = string(&fields.event_id).filter(|id| !id.is_empty());
    let reject = |reason| BadCall { reason, event_id: event_id.clone() };
    let texts = Texts::of(&fields).map_err(reject)?;
    let own_event_id = event_id.clone().ok_or_else(|| reject(Reason::NoEventId))?;
    let event_time = texts
        .event_time
        .as_deref()
        .and_then(parse_iso)
        .filter(|&time| can_be(time, name))
        .ok_or_else(|| reject(Reason::BadEventTime))?;
    let account = texts.account.clone().unwrap_or_else(|| name.day().account.clone().into());
    let region = texts.region.clone().unwrap_or_else(|| name.day().region.clone().into());
    if !is_safe_segment(&account) || !is_safe_segment(&region) {
        return Err(reject(Reason::UnsafePartitionValue));
    }
    let elements = fields.parameters.metric_data.filter(|raw| !is_empty_array(raw));
    let elements = elements.ok_or_else(|| reject(Reason::NoMetricData))?;
    let run = texts.run().ok_or_else(|| reject(Reason::NoTrialComponent))?;
    let refusal = Refusal::of(&fields, &texts);
    let (points, bad_points) = read_points(elements, &refusal);
    let correction_id = texts.corrects.is_some().then(|| own_event_id.clone());
    let call = Call {
        account,
        region,
        event_time,
        event_id: texts.corrects.unwrap_or_else(|| own_event_id.clone()),
        correction_id,
        trial_component_name: run,
        request_id: texts.request_id,
        trial_component_arn: texts.resource_arn,
        resource_type: texts.resource_type,
        resource_account_id: texts.resource_account_id,
        principal_arn: texts.principal_arn,
        principal_type: texts.principal_type,
        principal_account_id: texts.principal_account_id,
        source_ip: texts.source_ip,
        user_agent: texts.user_agent,
        vpc_endpoint_id: texts.vpc_endpoint_id,
        event_version: texts.event_version,
    };
    Ok(Record { call, points, bad_points, own_event_id })
}

fn can_be(time: Millis, name: &LogName) -> bool {
    time >= YEAR_2013 && days_between(name.day().date, date_of(time)) <= DAYS_AHEAD_MAX
}

fn is_empty_array(raw: &[u8]) -> bool {
    let mut cursor = Cursor::new(&raw[1..]);
    cursor.peek() == Some(b']')
}
