//! One BatchPutMetrics record: a call with its points, or the reason why not.
//!
//! Takes a record's text and the name of its log object; gives borrowed values that are checked and
//! typed. It does not know the tables: which columns there are is decided in [`crate::table`].
//! Sources: "CloudTrail record contents" (AWS CloudTrail user guide), the BatchPutMetrics API
//! (SageMaker API reference), and the sample event of the SageMaker developer guide.

use std::borrow::Cow;
use std::collections::HashMap;

use super::json::{Cursor, NotJson, Value};
use super::key::{LogName, is_safe_segment};
use super::number::Decimal;
use super::time::{Millis, YEAR_2013, date_of, parse_epoch, parse_iso};
use super::window::days_between;

/// An event may lie this many days behind the date of its delivery (clocks, midnight).
const DAYS_AHEAD_MAX: i32 = 2;

const TRIAL_COMPONENT: &str = "AWS::SageMaker::ExperimentTrialComponent";

/// Why a record or a point cannot become a row. The order is the order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// An element of `Records` that is no object.
    NotARecord,
    /// A field that we use cannot be Unicode.
    BadText,
    /// No `eventID`.
    NoEventId,
    /// No readable `eventTime`, or one that cannot be.
    BadEventTime,
    /// Account or region cannot be a path segment.
    UnsafePartitionValue,
    /// No list of points.
    NoMetricData,
    /// Nothing names the run.
    NoTrialComponent,
    /// An element of `metricData` that is no object.
    NotAPoint,
    /// No metric name.
    BadMetricName,
    /// No number.
    BadValue,
    /// No time.
    BadTimestamp,
    /// A step that is no integer of 64 bits.
    BadStep,
}

impl Reason {
    /// The word in the table.
    pub fn as_str(self) -> &'static str {
        self.texts().0
    }

    /// Our own sentence about it.
    pub fn detail(self) -> &'static str {
        self.texts().1
    }

    fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::NotARecord => ("not_a_record", "an element of Records is not an object"),
            Self::BadText => ("bad_text", "a text holds a lone surrogate or invalid UTF-8"),
            Self::NoEventId => ("no_event_id", "eventID is missing, empty or not a string"),
            Self::BadEventTime => (
                "bad_event_time",
                "eventTime is unreadable, before 2013, or more than two days after delivery",
            ),
            Self::UnsafePartitionValue => (
                "unsafe_partition_value",
                "account or region is not 1 to 64 letters, digits or hyphens",
            ),
            Self::NoMetricData => {
                ("no_metric_data", "requestParameters holds no non-empty list metricData")
            }
            Self::NoTrialComponent => {
                ("no_trial_component", "neither requestParameters nor resources name the run")
            }
            Self::NotAPoint => ("not_a_point", "an element of metricData is not an object"),
            Self::BadMetricName => ("bad_metric_name", "metricName is not a non-empty string"),
            Self::BadValue => ("bad_value", "value is not a number within the range of a double"),
            Self::BadTimestamp => {
                ("bad_timestamp", "timestamp is not a time within the years 1970 to 9999")
            }
            Self::BadStep => ("bad_step", "step is not an integer within 64 bits"),
        }
    }
}

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
    let event_id = string(&fields.event_id);
    let reject = |reason| BadCall { reason, event_id: event_id.clone() };
    let Some(texts) = Texts::of(&fields) else {
        return Err(reject(Reason::BadText));
    };
    let own_event_id =
        texts.event_id.clone().filter(|id| !id.is_empty()).ok_or(reject(Reason::NoEventId))?;
    let event_time = texts
        .event_time
        .as_deref()
        .and_then(parse_iso)
        .filter(|&time| can_be(time, name))
        .ok_or(reject(Reason::BadEventTime))?;
    let account = texts.account.clone().unwrap_or_else(|| name.day().account.clone().into());
    let region = texts.region.clone().unwrap_or_else(|| name.day().region.clone().into());
    if !is_safe_segment(&account) || !is_safe_segment(&region) {
        return Err(reject(Reason::UnsafePartitionValue));
    }
    let elements = fields.parameters.metric_data.filter(|raw| !is_empty_array(raw));
    let elements = elements.ok_or(reject(Reason::NoMetricData))?;
    let run = texts.run().ok_or(reject(Reason::NoTrialComponent))?;
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

/// The last part of `arn:…:experiment-trial-component/NAME`.
fn last_part(arn: &str) -> &str {
    arn.rsplit(['/', ':']).next().unwrap_or(arn)
}

/// The members that we use, the last of each name, as they stand.
#[derive(Debug, Default)]
struct Fields<'a> {
    event_id: Field<'a>,
    event_time: Field<'a>,
    account: Field<'a>,
    region: Field<'a>,
    request_id: Field<'a>,
    source_ip: Field<'a>,
    user_agent: Field<'a>,
    vpc_endpoint_id: Field<'a>,
    event_version: Field<'a>,
    error_code: Field<'a>,
    error_message: Field<'a>,
    identity: Identity<'a>,
    addendum: Addendum<'a>,
    parameters: Parameters<'a>,
    resource: Resource<'a>,
    errors: Option<&'a [u8]>,
}

type Field<'a> = Option<Value<'a>>;

#[derive(Debug, Default)]
struct Identity<'a> {
    arn: Field<'a>,
    kind: Field<'a>,
    account: Field<'a>,
}

#[derive(Debug, Default)]
struct Addendum<'a> {
    reason: Field<'a>,
    original: Field<'a>,
}

#[derive(Debug, Default)]
struct Parameters<'a> {
    run: Field<'a>,
    arn: Field<'a>,
    metric_data: Option<&'a [u8]>,
}

#[derive(Debug, Default)]
struct Resource<'a> {
    arn: Field<'a>,
    kind: Field<'a>,
    account: Field<'a>,
}

impl<'a> Fields<'a> {
    fn of(raw: &'a [u8]) -> Result<Self, NotJson> {
        let mut fields = Self::default();
        Cursor::new(raw).object(|member, cursor| {
            let place = match &*member.name() {
                b"eventID" => &mut fields.event_id,
                b"eventTime" => &mut fields.event_time,
                b"recipientAccountId" => &mut fields.account,
                b"awsRegion" => &mut fields.region,
                b"requestID" => &mut fields.request_id,
                b"sourceIPAddress" => &mut fields.source_ip,
                b"userAgent" => &mut fields.user_agent,
                b"vpcEndpointId" => &mut fields.vpc_endpoint_id,
                b"eventVersion" => &mut fields.event_version,
                b"errorCode" => &mut fields.error_code,
                b"errorMessage" => &mut fields.error_message,
                other => return fields.container(other, cursor),
            };
            *place = Some(cursor.value()?);
            Ok(())
        })?;
        Ok(fields)
    }

    /// A member whose own members we use. Anything that is not of the expected kind is as good as
    /// absent: a string may stand where an object belongs.
    fn container(&mut self, name: &[u8], cursor: &mut Cursor<'a>) -> Result<(), NotJson> {
        match name {
            b"userIdentity" => {
                let [arn, kind, account] = members(cursor, [b"arn", b"type", b"accountId"])?;
                self.identity = Identity { arn, kind, account };
            }
            b"addendum" => {
                let [reason, original] = members(cursor, [b"reason", b"originalEventID"])?;
                self.addendum = Addendum { reason, original };
            }
            b"requestParameters" => {
                let names: [&[u8]; 3] = [b"trialComponentName", b"resourceArn", b"metricData"];
                let [run, arn, metric_data] = members(cursor, names)?;
                self.parameters = Parameters { run, arn, metric_data: array(metric_data) };
            }
            b"responseElements" => {
                let [errors] = members(cursor, [b"errors"])?;
                self.errors = array(errors);
            }
            b"resources" => self.resource = resource(cursor)?,
            _ => drop(cursor.skip()?),
        }
        Ok(())
    }
}

fn array(field: Field<'_>) -> Option<&[u8]> {
    match field {
        Some(Value::Array(raw)) => Some(raw),
        _ => None,
    }
}

/// The last value of each of some members; of a value that is no object, nothing.
fn members<'a, const N: usize>(
    cursor: &mut Cursor<'a>,
    names: [&[u8]; N],
) -> Result<[Field<'a>; N], NotJson> {
    let mut values = [const { None }; N];
    if cursor.peek() != Some(b'{') {
        cursor.skip()?;
        return Ok(values);
    }
    cursor.object(|member, cursor| {
        let name = member.name();
        match names.iter().position(|&wanted| wanted == &*name) {
            Some(at) => values[at] = Some(cursor.value()?),
            None => drop(cursor.skip()?),
        }
        Ok(())
    })?;
    Ok(values)
}

/// The resource that is the run: the first of that type, else the first.
fn resource<'a>(cursor: &mut Cursor<'a>) -> Result<Resource<'a>, NotJson> {
    let mut chosen: Option<(bool, Resource<'a>)> = None;
    if cursor.peek() != Some(b'[') {
        cursor.skip()?;
        return Ok(Resource::default());
    }
    cursor.array(|cursor| {
        if cursor.peek() != Some(b'{') {
            return cursor.skip().map(drop);
        }
        let [arn, kind, account] = members(cursor, [b"ARN", b"type", b"accountId"])?;
        let is_run = string(&kind).as_deref() == Some(TRIAL_COMPONENT);
        if chosen.as_ref().is_none_or(|(found, _)| is_run && !found) {
            chosen = Some((is_run, Resource { arn, kind, account }));
        }
        Ok(())
    })?;
    Ok(chosen.map(|(_, resource)| resource).unwrap_or_default())
}

/// The text of a field that is a string; anything else, and text that cannot be Unicode, is none.
fn string<'a>(field: &Field<'a>) -> Option<Text<'a>> {
    text(field).unwrap_or(None)
}

/// The text of a field that is a string; anything else is none.
///
/// # Errors
/// [`Reason::BadText`].
fn text<'a>(field: &Field<'a>) -> Result<Option<Text<'a>>, Reason> {
    match field {
        Some(Value::String(string)) => string.text().map(Some).map_err(|_| Reason::BadText),
        _ => Ok(None),
    }
}

/// All texts that the call uses; there are none where one of them cannot be Unicode.
struct Texts<'a> {
    event_id: Option<Text<'a>>,
    event_time: Option<Text<'a>>,
    account: Option<Text<'a>>,
    region: Option<Text<'a>>,
    request_id: Option<Text<'a>>,
    source_ip: Option<Text<'a>>,
    user_agent: Option<Text<'a>>,
    vpc_endpoint_id: Option<Text<'a>>,
    event_version: Option<Text<'a>>,
    error_code: Option<Text<'a>>,
    error_message: Option<Text<'a>>,
    principal_arn: Option<Text<'a>>,
    principal_type: Option<Text<'a>>,
    principal_account_id: Option<Text<'a>>,
    resource_arn: Option<Text<'a>>,
    resource_type: Option<Text<'a>>,
    resource_account_id: Option<Text<'a>>,
    run_name: Option<Text<'a>>,
    run_arn: Option<Text<'a>>,
    /// The event that this record corrects.
    corrects: Option<Text<'a>>,
}

impl<'a> Texts<'a> {
    fn of(fields: &Fields<'a>) -> Option<Self> {
        Self::read(fields).ok()
    }

    fn read(fields: &Fields<'a>) -> Result<Self, Reason> {
        let run_name = text(&fields.parameters.run)?.filter(|name| !name.is_empty());
        // An early client's field: used only where the name is missing.
        let run_arn = if run_name.is_none() { text(&fields.parameters.arn)? } else { None };
        let is_update = text(&fields.addendum.reason)?.as_deref() == Some("UPDATED_DATA");
        let corrects = if is_update { text(&fields.addendum.original)? } else { None };
        Ok(Self {
            event_id: text(&fields.event_id)?,
            event_time: text(&fields.event_time)?,
            account: text(&fields.account)?,
            region: text(&fields.region)?,
            request_id: text(&fields.request_id)?,
            source_ip: text(&fields.source_ip)?,
            user_agent: text(&fields.user_agent)?,
            vpc_endpoint_id: text(&fields.vpc_endpoint_id)?,
            event_version: text(&fields.event_version)?,
            error_code: text(&fields.error_code)?.filter(|code| !code.is_empty()),
            error_message: text(&fields.error_message)?,
            principal_arn: text(&fields.identity.arn)?,
            principal_type: text(&fields.identity.kind)?,
            principal_account_id: text(&fields.identity.account)?,
            resource_arn: text(&fields.resource.arn)?,
            resource_type: text(&fields.resource.kind)?,
            resource_account_id: text(&fields.resource.account)?,
            run_name,
            run_arn,
            corrects: corrects.filter(|original| !original.is_empty()),
        })
    }

    /// The run's name: said, or the last part of an ARN.
    fn run(&self) -> Option<Text<'a>> {
        let of_arn = |arn: &Option<Text<'a>>| arn.as_deref().map(last_part).map(str::to_owned);
        let names = [of_arn(&self.run_arn), of_arn(&self.resource_arn)].into_iter().flatten();
        let fallback = names.map(Text::Owned).find(|name| !name.is_empty());
        self.run_name.clone().or(fallback)
    }
}

/// What the service refused: the whole call, or points of it behind an HTTP 200.
struct Refusal<'a> {
    call: Option<(Text<'a>, Option<Text<'a>>)>,
    points: HashMap<i64, (Field<'a>, Field<'a>)>,
}

impl<'a> Refusal<'a> {
    fn of(fields: &Fields<'a>, texts: &Texts<'a>) -> Self {
        let call = texts.error_code.clone().map(|code| (code, texts.error_message.clone()));
        let mut points = HashMap::new();
        let mut note = |cursor: &mut Cursor<'a>| {
            let [code, message, index] = members(cursor, [b"code", b"message", b"metricIndex"])?;
            if let Ok(Some(index)) = integer(&index) {
                points.entry(index).or_insert((code, message));
            }
            Ok(())
        };
        if let Some(errors) = fields.errors {
            Cursor::new(errors).array(&mut note).expect("scan has seen the end of the JSON");
        }
        Self { call, points }
    }
}

fn read_points<'a>(raw: &'a [u8], refusal: &Refusal<'a>) -> (Vec<Point<'a>>, Vec<BadPoint<'a>>) {
    let (mut points, mut bad_points) = (Vec::new(), Vec::new());
    let mut metric_index = 0;
    let read = Cursor::new(raw).array(|cursor| {
        let mut fields = None;
        let raw = cursor.spanned(|cursor| {
            let names: [&[u8]; 4] = [b"metricName", b"value", b"timestamp", b"step"];
            let is_object = cursor.peek() == Some(b'{');
            fields = Some(members(cursor, names)?).filter(|_| is_object);
            Ok(())
        })?;
        match read_point(fields, metric_index, refusal) {
            Ok(point) => points.push(point),
            Err(reason) => bad_points.push(BadPoint { metric_index, reason, raw }),
        }
        metric_index += 1;
        Ok(())
    });
    read.expect("scan has seen the end of the JSON");
    (points, bad_points)
}

fn read_point<'a>(
    fields: Option<[Field<'a>; 4]>,
    metric_index: i32,
    refusal: &Refusal<'a>,
) -> Result<Point<'a>, Reason> {
    let [name, value, time, step] = fields.ok_or(Reason::NotAPoint)?;
    let refused = refusal.points.get(&i64::from(metric_index));
    let (error_code, error_message) = match (&refusal.call, refused) {
        (Some((code, message)), _) => (Some(code.clone()), message.clone()),
        (None, Some((code, message))) => (text(code)?, text(message)?),
        (None, None) => (None, None),
    };
    for field in [&name, &value, &time, &step] {
        text(field)?;
    }
    let metric_name = string(&name).filter(|name| !name.is_empty()).ok_or(Reason::BadMetricName)?;
    Ok(Point {
        metric_index,
        metric_name,
        value: double(&value).ok_or(Reason::BadValue)?,
        metric_time: time_of(&time).ok_or(Reason::BadTimestamp)?,
        step: integer(&step)?,
        accepted: refusal.call.is_none() && refused.is_none(),
        error_code,
        error_message,
    })
}

/// A JSON number, a numeric string, or one of JSON's missing three as strings.
fn double(field: &Field<'_>) -> Option<f64> {
    let parse = |text: &str| text.parse().ok().filter(|value: &f64| value.is_finite());
    match field {
        Some(Value::Number(text)) => parse(text),
        Some(Value::String(string)) => match &*string.text().ok()? {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            text => Decimal::parse(text).and_then(|_| parse(text)),
        },
        _ => None,
    }
}

fn time_of(field: &Field<'_>) -> Option<Millis> {
    match field {
        Some(Value::Number(text)) => parse_epoch(text),
        Some(Value::String(string)) => {
            let text = string.text().ok()?;
            match Decimal::parse(&text) {
                Some(_) => parse_epoch(&text),
                None => parse_iso(&text).filter(|&time| time >= 0),
            }
        }
        _ => None,
    }
}

/// An integer, an integral number or a numeric string; absent and null are none.
///
/// # Errors
/// [`Reason::BadStep`].
fn integer(field: &Field<'_>) -> Result<Option<i64>, Reason> {
    let parse = |text: &str| Decimal::parse(text).and_then(|number| number.to_i64());
    let number = match field {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(text)) => parse(text),
        Some(Value::String(string)) => string.text().ok().and_then(|text| parse(&text)),
        Some(_) => None,
    };
    number.map(Some).ok_or(Reason::BadStep)
}
