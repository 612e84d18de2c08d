//! The points of a call, and what the service refused of them.

use std::collections::HashMap;

use super::super::json::{Cursor, Value};
use super::super::number::Decimal;
use super::super::time::{Millis, parse_epoch, parse_iso};
use super::fields::{Field, Fields, Texts, members, string, text};
use super::{BadPoint, Point, Reason, Text};

/// What the service refused: the whole call, or points of it behind an HTTP 200.
pub(super) struct Refusal<'a> {
    call: Option<(Text<'a>, Option<Text<'a>>)>,
    points: HashMap<i64, (Field<'a>, Field<'a>)>,
}

impl<'a> Refusal<'a> {
    pub(super) fn of(fields: &Fields<'a>, texts: &Texts<'a>) -> Self {
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

/// The usable points and the others, each in order.
pub(super) fn read_points<'a>(
    raw: &'a [u8],
    refusal: &Refusal<'a>,
) -> (Vec<Point<'a>>, Vec<BadPoint<'a>>) {
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
