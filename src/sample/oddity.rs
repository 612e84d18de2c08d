//! Everything strange that may befall a record, and what a reader should make of it.
//!
//! Owns [`Oddity`], [`Wanted`] and the one table that ties an oddity to its change and its
//! outcome. Takes nothing, gives the table; does not know how a change is made.

use super::bend::At::{Params, Point, Record};
use super::bend::Change::{self, *};
use super::bend::Whose::{Earlier, Later, Own};
use super::edits as edit;
use super::table::table;

/// What a reader should make of an oddity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Nothing out of the ordinary: every point becomes a row, a duplicate or a version.
    Row,
    /// One point is a reject of this reason, its siblings are not.
    Point(&'static str),
    /// Every point of the call is a reject of this reason.
    Points(&'static str),
    /// The call is a reject of this reason.
    Call(&'static str),
    /// The element of `Records` is a reject of this reason, and no call.
    Record(&'static str),
    /// Neither a row nor a reject.
    Nothing,
}

use Wanted::{Nothing, Row};

const NAME: Wanted = Wanted::Point("bad_metric_name");
const VALUE: Wanted = Wanted::Point("bad_value");
const TIME: Wanted = Wanted::Point("bad_timestamp");
const STEP: Wanted = Wanted::Point("bad_step");
const NO_POINT: Wanted = Wanted::Point("not_a_point");
const POINT_TEXT: Wanted = Wanted::Point("bad_text");
const VALUES: Wanted = Wanted::Points("bad_value");
const CALL_TEXT: Wanted = Wanted::Call("bad_text");
const NO_ID: Wanted = Wanted::Call("no_event_id");
const EVENT_TIME: Wanted = Wanted::Call("bad_event_time");
const UNSAFE: Wanted = Wanted::Call("unsafe_partition_value");
const NO_DATA: Wanted = Wanted::Call("no_metric_data");
const NO_RUN: Wanted = Wanted::Call("no_trial_component");
const NO_RECORD: Wanted = Wanted::Record("not_a_record");

table! {
    /// One way in which a record departs from the ordinary.
    Oddity: Change => Wanted;

    // The event's time.
    LateDay = Call(|call, stage| edit::days_off(call, stage, -1))
        => Row, "Delivered the day after the event: a row of the event's date";
    LateMonth = Call(|call, stage| edit::days_off(call, stage, -30))
        => Row, "Delivered after the 30 days that CloudTrail keeps trying: a row of the event's date";
    DayAhead = Call(|call, stage| edit::midnight(call, stage, 1, 180))
        => Row, "An event of the day after the delivery date, by a clock that is ahead: a row of that day";
    TwoDaysAhead = Call(|call, stage| edit::midnight(call, stage, 2, 0))
        => Row, "Two days ahead is the last that is believed: a row";
    ThreeDaysAhead = Call(|call, stage| edit::midnight(call, stage, 3, 1))
        => EVENT_TIME, "Three days ahead is not";
    Year2012 = Set(Record, "eventTime", r#""2012-12-31T23:59:59Z""#)
        => EVENT_TIME, "The last second that is before CloudTrail's time";
    Year2013 = Set(Record, "eventTime", r#""2013-01-01T00:00:00Z""#)
        => Row, "The first second that is not: a row";
    EventTimeMissing = Drop(Record, "eventTime") => EVENT_TIME, "No event time";
    EventTimeNull = Set(Record, "eventTime", "null") => EVENT_TIME, "Event time null";
    EventTimeWords = Set(Record, "eventTime", r#""yesterday""#)
        => EVENT_TIME, "Event time in words";
    EventTimeNoDay = Set(Record, "eventTime", r#""2024-02-30T12:00:00Z""#)
        => EVENT_TIME, "A day that no calendar has";

    // The event's identity.
    RepeatHere = Beside(Own, edit::repeat)
        => Row, "The same event twice in an object: its points are duplicates";
    RepeatLater = Beside(Earlier, edit::repeat)
        => Row, "The same event again in a later object: its points are duplicates";
    OtherContentHere = Beside(Own, edit::other_content)
        => Row, "One event id, two contents, one object: the smallest content wins";
    OtherContentLater = Beside(Earlier, edit::other_content)
        => Row, "One event id, two contents, two objects: the smallest object name wins";
    CorrectionHere = Beside(Own, edit::correction)
        => Row, "A correction beside its original: it wins";
    CorrectionLater = Beside(Earlier, edit::correction)
        => Row, "A correction in a later object than its original: it wins";
    CorrectionEarly = Beside(Later, edit::correction)
        => Row, "A correction in an earlier object than its original: it wins";
    CorrectionTwice = Beside(Earlier, edit::two_corrections)
        => Row, "Two corrections of one original: the later event time wins";
    CorrectionEmpty = Beside(Earlier, edit::empty_correction)
        => NO_DATA, "A correction without points: a reject that replaces nothing";
    CorrectionUnusable = Beside(Earlier, edit::unusable_correction)
        => VALUES, "A correction without a usable point: rejects that replace nothing";
    CorrectionOtherDay = Beside(Earlier, edit::correction_next_day)
        => Row, "A correction of another event date: it stands beside its original";
    CorrectionOfCorrection = Beside(Earlier, edit::correction_of_correction)
        => Row, "A correction of a correction: it stands under the id that it names";
    CorrectionOrphan = Call(edit::orphan)
        => Row, "A correction of an event that nobody has seen: it stands under that event's id";
    AddendumNoOriginal = Set(Record, "addendum", r#"{"reason":"UPDATED_DATA"}"#)
        => Row, "UPDATED_DATA that does not say of what: an ordinary event";
    AddendumDelay = Set(Record, "addendum", r#"{"reason":"DELIVERY_DELAY"}"#)
        => Row, "An addendum that says why it is late: an ordinary event";
    AddendumOutage = Call(edit::outage)
        => Row, "A delayed event that names an original is no correction";
    AddendumHidden = Set(Record, "addendum", r#""HIDDEN_DUE_TO_SECURITY_REASONS""#)
        => Row, "An addendum that is no object: an ordinary event";
    EventIdMissing = Drop(Record, "eventID") => NO_ID, "No event id";
    EventIdEmpty = Set(Record, "eventID", r#""""#) => NO_ID, "An empty event id";
    EventIdNull = Set(Record, "eventID", "null") => NO_ID, "Event id null";

    // Where it happened.
    AccountMissing = Drop(Record, "recipientAccountId")
        => Row, "No recipient account: the file name's";
    RegionMissing = Drop(Record, "awsRegion") => Row, "No region: the file name's";
    AccountOther = Set(Record, "recipientAccountId", r#""999988887777""#)
        => Row, "Another account than the file's: a row of that account";
    RegionOther = Set(Record, "awsRegion", r#""eusc-de-east-1""#)
        => Row, "Another region than the file's: a row of that region";
    AccountSample = Set(Record, "recipientAccountId", r#""abcdef01234567890""#)
        => Row, "The 17 characters of the account in AWS's own sample event: a row";
    AccountParent = Set(Record, "recipientAccountId", r#""../x""#)
        => UNSAFE, "An account that would leave the table's folder";
    AccountSlash = Set(Record, "recipientAccountId", r#""a/b""#)
        => UNSAFE, "An account that would be two folders";
    AccountLong = Set(Record, "recipientAccountId", r#""11111111112222222222333333333344444444445555555555666666666677777""#)
        => UNSAFE, "An account of 65 characters";
    AccountEmpty = Set(Record, "recipientAccountId", r#""""#) => UNSAFE, "An empty account";
    RegionSpace = Set(Record, "awsRegion", r#""us east-1""#) => UNSAFE, "A region with a space";

    // Which run.
    ResourceArn = Call(edit::resource_arn)
        => Row, "An early client's resource ARN instead of the run's name: a row";
    RunInResources = Drop(Params, "trialComponentName")
        => Row, "No run in the parameters: the resource's";
    RunMissing = Call(edit::no_run) => NO_RUN, "No run anywhere";
    ResourcesMany = Call(edit::many_resources)
        => Row, "Several resources: the trial component's is the one";
    ResourcesMissing = Drop(Record, "resources") => Row, "No resources: a row without an ARN";
    ResourcesHidden = Set(Record, "resources", r#""HIDDEN_DUE_TO_SECURITY_REASONS""#)
        => Row, "Resources hidden: a row without an ARN";
    RunCapitals = Set(Params, "trialComponentName", r#""Legacy-Run-A""#)
        => Row, "A run's name in capitals, as old clients could send: a row";

    // The call.
    ParamsHidden = Set(Record, "requestParameters", r#""HIDDEN_DUE_TO_SECURITY_REASONS""#)
        => NO_DATA, "Parameters hidden";
    ParamsOmitted = Set(Record, "requestParameters", r#"{"omitted":true,"originalSize":104857,"reason":"requestParameters too large"}"#)
        => NO_DATA, "Parameters too large to be kept";
    ParamsMissing = Drop(Record, "requestParameters") => NO_DATA, "Parameters missing";
    ParamsNull = Set(Record, "requestParameters", "null") => NO_DATA, "Parameters null";
    DataMissing = Drop(Params, "metricData") => NO_DATA, "No metric data";
    DataEmpty = Set(Params, "metricData", "[]") => NO_DATA, "An empty list of points";
    DataObject = Set(Params, "metricData", r#"{"metricName":"loss","timestamp":1714521600000,"value":1}"#)
        => NO_DATA, "One point where a list belongs";
    DataText = Set(Params, "metricData", r#""[]""#) => NO_DATA, "Text where a list belongs";
    PartialFailure = Set(Record, "responseElements", r#"{"errors":[{"code":"METRIC_LIMIT_EXCEEDED","metricIndex":0}]}"#)
        => Row, "HTTP 200, one point refused: its row is not accepted";
    PartialFailures = Set(Record, "responseElements", r#"{"errors":[{"metricIndex":1.0,"code":"CONFLICT_ERROR"},{"code":"INTERNAL_ERROR","metricIndex":77},7]}"#)
        => Row, "Several refusals, an index as a float, one beyond the list: rows";
    ResponseEmpty = Set(Record, "responseElements", "{}")
        => Row, "A response that does not say whether there were errors: rows";
    ResponseHidden = Set(Record, "responseElements", r#""HIDDEN_DUE_TO_SECURITY_REASONS""#)
        => Row, "A hidden response: rows";
    CallFailed = Call(edit::failed)
        => Row, "A failed call of 25 points, none of them refused by name: rows that are not accepted";
    CallAndPointFailed = Call(edit::failed_twice)
        => Row, "A failed call that also refuses a point: the call's error is the one";
    IdentityHidden = Set(Record, "userIdentity", r#""HIDDEN_DUE_TO_SECURITY_REASONS""#)
        => Row, "Who it was is hidden: rows";
    IdentityMissing = Drop(Record, "userIdentity") => Row, "Who it was is missing: rows";
    IdentityService = Set(Record, "userIdentity", r#"{"type":"AWSService","invokedBy":"sagemaker.amazonaws.com"}"#)
        => Row, "A service on somebody's behalf: rows";
    VpcEndpoint = Set(Record, "vpcEndpointId", r#""vpce-0a1b2c3d4e5f67890""#)
        => Row, "Through a VPC endpoint: rows that say so";
    CallAllWrong = Call(edit::all_wrong)
        => NO_ID, "No id, no time, no account, no data: the id is the first that is checked";

    // Values.
    ValueInteger = Set(Point, "value", "3") => Row, "An integer";
    ValueExponent = Set(Point, "value", "1.5E-7") => Row, "An exponent";
    ValueMinusZero = Set(Point, "value", "-0.0") => Row, "Minus zero, which is not zero's bytes";
    ValueDenormal = Set(Point, "value", "5e-324") => Row, "The smallest double";
    ValueNan = Set(Point, "value", r#""NaN""#) => Row, "The text NaN";
    ValueInfinity = Set(Point, "value", r#""Infinity""#) => Row, "The text Infinity";
    ValueMinusInfinity = Set(Point, "value", r#""-Infinity""#) => Row, "The text -Infinity";
    ValueText = Set(Point, "value", r#""0.25""#) => Row, "A number as text";
    ValueHuge = Set(Point, "value", "123456789012345678901234567890")
        => Row, "An integer of 30 digits";
    ValueLong = Set(Point, "value", "0.123456789012345678901234567890")
        => Row, "A decimal of 30 digits";
    ValueBeyond = Set(Point, "value", "1e400") => VALUE, "Beyond a double";
    ValueBeyondText = Set(Point, "value", r#""1e400""#) => VALUE, "Beyond a double, as text";
    ValueInf = Set(Point, "value", r#""inf""#) => VALUE, "Infinity as only some parsers spell it";
    ValueWords = Set(Point, "value", r#""high""#) => VALUE, "Words";
    ValueEmpty = Set(Point, "value", r#""""#) => VALUE, "Empty text";
    ValueNull = Set(Point, "value", "null") => VALUE, "Null";
    ValueTrue = Set(Point, "value", "true") => VALUE, "A boolean";
    ValueObject = Set(Point, "value", r#"{"value":1}"#) => VALUE, "An object";
    ValueMissing = Drop(Point, "value") => VALUE, "No value";

    // Timestamps.
    TimeSeconds = Set(Point, "timestamp", "1714521600") => Row, "Seconds";
    TimeFraction = Set(Point, "timestamp", "1714521600.0005")
        => Row, "Half a millisecond, rounded away from zero";
    TimeFloat = Set(Point, "timestamp", "1.714521600123E12") => Row, "Milliseconds as a float";
    TimeLastSecond = Set(Point, "timestamp", "99999999999")
        => Row, "The last number that is seconds, a year that is still one";
    TimeFirstMilli = Set(Point, "timestamp", "100000000000")
        => Row, "The first number that is milliseconds";
    TimeZero = Set(Point, "timestamp", "0") => Row, "1970 itself";
    TimeIso = Set(Point, "timestamp", r#""2024-05-01T00:00:00.250Z""#) => Row, "ISO-8601";
    TimeIsoNoZone = Set(Point, "timestamp", r#""2024-05-01T00:00:00""#)
        => Row, "ISO-8601 without a zone: UTC";
    TimeIsoOffset = Set(Point, "timestamp", r#""2024-05-01T02:00:00+02:00""#)
        => Row, "ISO-8601 with an offset";
    TimeText = Set(Point, "timestamp", r#""1714521600000""#) => Row, "Milliseconds as text";
    TimeYear9999 = Set(Point, "timestamp", "253402300799999")
        => Row, "The last millisecond of the year 9999";
    TimeYear10000 = Set(Point, "timestamp", "253402300800000")
        => TIME, "The first of the year 10000";
    TimeIsoYear10000 = Set(Point, "timestamp", r#""10000-01-01T00:00:00Z""#)
        => TIME, "The year 10000 in ISO-8601";
    TimeNegative = Set(Point, "timestamp", "-1000") => TIME, "Before 1970";
    TimeWords = Set(Point, "timestamp", r#""noon""#) => TIME, "Words";
    TimeNan = Set(Point, "timestamp", r#""NaN""#) => TIME, "A value's text, but no time";
    TimeBeyond = Set(Point, "timestamp", "1e400") => TIME, "Beyond a double";
    TimeNull = Set(Point, "timestamp", "null") => TIME, "Null";
    TimeTrue = Set(Point, "timestamp", "true") => TIME, "A boolean";
    TimeMissing = Drop(Point, "timestamp") => TIME, "No timestamp";

    // Steps.
    StepMissing = Drop(Point, "step") => Row, "No step: NULL";
    StepNull = Set(Point, "step", "null") => Row, "Step null: NULL";
    StepFloat = Set(Point, "step", "1.0") => Row, "An integral float";
    StepExponent = Set(Point, "step", "1e3") => Row, "An integral exponent";
    StepText = Set(Point, "step", r#""7""#) => Row, "An integer as text";
    StepNegative = Set(Point, "step", "-1") => Row, "A negative step";
    StepMax = Set(Point, "step", "9223372036854775807")
        => Row, "The greatest step, which no double holds";
    StepBeyond = Set(Point, "step", "9223372036854775808") => STEP, "One more";
    StepFraction = Set(Point, "step", "1.5") => STEP, "A fraction";
    StepFractionText = Set(Point, "step", r#""7.5""#) => STEP, "A fraction as text";
    StepEmpty = Set(Point, "step", r#""""#) => STEP, "Empty text";
    StepTrue = Set(Point, "step", "true") => STEP, "A boolean, which the SDK lets pass";
    StepList = Set(Point, "step", "[1]") => STEP, "A list";

    // Metric names.
    NameUnicode = Set(Point, "metricName", "\"précision · 精度 🎯\"") => Row, "Beyond ASCII";
    NameEscapes = Set(Point, "metricName", r#""\u7cbe\u5ea6 \ud83c\udfaf""#)
        => Row, "Beyond ASCII, as escapes";
    NameControls = Set(Point, "metricName", r#""a\"b\\c\n\u0000d""#)
        => Row, "Quotes, a backslash, a line feed, a NUL";
    NamePath = Set(Point, "metricName", r#""../val\/loss=1""#) => Row, "What would be a path";
    NameLong = Call(edit::long_name) => Row, "Ten thousand characters";
    NameEmpty = Set(Point, "metricName", r#""""#) => NAME, "Empty";
    NameNull = Set(Point, "metricName", "null") => NAME, "Null";
    NameNumber = Set(Point, "metricName", "7") => NAME, "A number";
    NameMissing = Drop(Point, "metricName") => NAME, "No name";

    // Points.
    PointNumber = Whole("7") => NO_POINT, "A number";
    PointNull = Whole("null") => NO_POINT, "Null";
    PointText = Whole(r#""loss=0.1""#) => NO_POINT, "Text";
    PointList = Whole(r#"["loss",1714521600000,0.1]"#) => NO_POINT, "A list";
    PointEmpty = Whole("{}") => NAME, "An empty object";
    PointAllWrong = Whole(r#"{"metricName":"","value":null,"timestamp":null,"step":true}"#)
        => NAME, "Everything wrong: the name is the first that is checked";
    PointUnknown = Set(Point, "unit", r#"{"of":["ms",{"value":"x"}]}"#)
        => Row, "Members that nobody knows, some of them nested: a row";

    // Text that cannot be Unicode.
    SurrogateName = Set(Point, "metricName", r#""loss\ud83c""#)
        => POINT_TEXT, "Half a surrogate pair in a metric's name";
    SurrogateReversed = Set(Point, "metricName", r#""\udfaf\ud83c""#)
        => POINT_TEXT, "A pair the wrong way round";
    BytesName = Set(Point, "metricName", "\"loss\u{E0FF}\"")
        => POINT_TEXT, "A byte that is not UTF-8 in a metric's name";
    SurrogateAgent = Set(Record, "userAgent", r#""boto\ud800""#)
        => CALL_TEXT, "Half a pair in a field of the call";
    BytesAgent = Set(Record, "userAgent", "\"boto\u{E0FF}\"")
        => CALL_TEXT, "A byte that is not UTF-8 in a field of the call";
    SurrogateRun = Set(Params, "trialComponentName", r#""run-\ud800""#)
        => CALL_TEXT, "Half a pair in the run's name";
    SurrogateUnused = Set(Record, "tlsDetails", r#"{"cipherSuite":"\udc00"}"#)
        => Row, "Half a pair in a field that nobody reads: rows";
    SurrogateKey = Set(Record, r"x\ud800", "1")
        => Row, "Half a pair in a key that nobody reads: rows";
    BytesUnused = Set(Record, "additionalEventData", "{\"note\":\"\u{E0FF}\"}")
        => Row, "A byte that is not UTF-8 in a field that nobody reads: rows";

    // JSON, written otherwise.
    EscapedSource = Key(Record, "eventSource", r"event\u0053ource")
        => Row, "An escape in the key that says whose record it is: rows";
    EscapedEvent = Key(Record, "eventName", r"event\u004eame")
        => Row, "An escape in the key that says what record it is: rows";
    EscapedValue = Key(Point, "value", r"\u0076alue") => Row, "An escape in a point's key: a row";
    Shuffled = Call(|call, stage| call.shuffle(&mut stage.rng))
        => Row, "Members in another order, at every level: rows";
    Pretty = Spaced => Row, "White space wherever it may be: rows";
    RepeatedEventOther = After(Record, "eventName", r#""BatchGetMetrics""#)
        => Nothing, "A record that ends as another's: the last name counts";
    RepeatedEvent = Before(Record, "eventName", r#""BatchGetMetrics""#)
        => Row, "A record that begins as another's: the last name counts";
    RepeatedParams = Before(Record, "requestParameters", r#"{"metricData":[{}]}"#)
        => Row, "Parameters twice: the last count";
    RepeatedData = Before(Params, "metricData", "[7]")
        => Row, "A list of points twice: the last counts";
    RepeatedValueBad = After(Point, "value", "null")
        => VALUE, "A value twice: the last counts, and is none";
    RepeatedName = Before(Point, "metricName", "7") => Row, "A name twice: the last counts";
    Deep = Call(edit::deep) => Row, "Two hundred levels in a field that nobody reads: rows";

    // Beside a call: elements that are no records, and records that are no calls.
    ElementNumber = Element("7") => NO_RECORD, "A number among the records";
    ElementText = Element(r#""BatchPutMetrics""#) => NO_RECORD, "Text among the records";
    ElementNull = Element("null") => NO_RECORD, "Null among the records";
    ElementList = Beside(Own, edit::listed) => NO_RECORD, "A record in a list of its own";
    ElementEmpty = Element("{}") => Nothing, "A record without anything";
    DecoyAgent = Beside(Own, edit::agent_decoy)
        => Nothing, "A whole call as text, for a user agent";
    DecoyKey = Beside(Own, edit::key_decoy) => Nothing, "A whole call as text, for an S3 key";
    DecoyNested = Beside(Own, edit::nested_decoy)
        => Nothing, "A whole call nested in another service's event";
    OtherEvent = Beside(Own, edit::other_event) => Nothing, "Our source, another event";
    OtherSource = Beside(Own, edit::other_source) => Nothing, "Our event, another source";
    SourceObject = Beside(Own, edit::source_object)
        => Nothing, "A source that is an object holding ours";
}
