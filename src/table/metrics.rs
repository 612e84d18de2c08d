//! Rows of the metrics table before they are a file: compact, in memory, one [`Rows`] per log
//! object and part.
//!
//! A call's text stands once for all its points, and texts that repeat within an object (principal,
//! client, run) stand once for all its calls: about 90 bytes a row instead of 400. Takes records as
//! [`crate::trail::record`] reads them; gives ranks to compare versions by, and sorted batches.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Float64Builder, Int32Builder, Int64Builder, StringBuilder,
    TimestampMillisecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};

use crate::trail::record::{Call, Point as TrailPoint, Record};
use crate::trail::time::Millis;

use super::parquet::BATCH_ROWS;
use super::schema::METRICS;
use super::version::Rank;

/// A text inside [`Rows`]: offset and length; [`Span::NONE`] is NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    at: u32,
    len: u32,
}

impl Span {
    const NONE: Self = Self { at: 0, len: u32::MAX };
}

/// One version of one event.
#[derive(Debug, Clone)]
struct Version {
    event_time: Millis,
    event_id: Span,
    correction_id: Span,
    run: Span,
    request_id: Span,
    /// Behind `request_id` in the table's order, up to the user agent and beyond.
    shared: [Span; SHARED],
    first_point: u32,
    points: u32,
}

/// What the contest holds of a version: an entry of its map, and a pick.
const MERGE_BYTES_PER_VERSION: usize = 160;

/// How many optional texts of a call usually repeat from call to call.
const SHARED: usize = 10;

#[derive(Debug, Clone)]
struct Point {
    metric_name: Span,
    error_code: Span,
    error_message: Span,
    step: Option<i64>,
    value: f64,
    metric_time: Millis,
    metric_index: i32,
    accepted: bool,
}

/// The rows of one log object that belong to one part: whole versions only.
#[derive(Debug)]
pub struct Rows {
    source_object: Arc<str>,
    text: String,
    versions: Vec<Version>,
    points: Vec<Point>,
}

/// Gathers [`Rows`].
#[derive(Debug)]
pub struct Builder {
    rows: Rows,
    known: HashMap<u64, Span>,
    hasher: RandomState,
}

impl Builder {
    /// Of the log object with this file name.
    pub fn new(source_object: Arc<str>) -> Self {
        let rows =
            Rows { source_object, text: String::new(), versions: Vec::new(), points: Vec::new() };
        Self { rows, known: HashMap::new(), hasher: RandomState::new() }
    }

    /// Adds the usable points of a record as one version.
    pub fn push(&mut self, record: &Record<'_>) {
        let Call { event_id, correction_id, trial_component_name, request_id, .. } = &record.call;
        let call = &record.call;
        let shared = [
            &call.trial_component_arn,
            &call.resource_type,
            &call.resource_account_id,
            &call.principal_arn,
            &call.principal_type,
            &call.principal_account_id,
            &call.source_ip,
            &call.user_agent,
            &call.vpc_endpoint_id,
            &call.event_version,
        ];
        let version = Version {
            event_time: call.event_time,
            event_id: self.append(event_id),
            correction_id: correction_id.as_deref().map_or(Span::NONE, |id| self.append(id)),
            run: self.intern(trial_component_name),
            request_id: request_id.as_deref().map_or(Span::NONE, |id| self.append(id)),
            shared: shared.map(|text| text.as_deref().map_or(Span::NONE, |text| self.intern(text))),
            first_point: self.rows.points.len() as u32,
            points: record.points.len() as u32,
        };
        self.rows.versions.push(version);
        for point in &record.points {
            let point = self.point(point);
            self.rows.points.push(point);
        }
    }

    /// Bytes of memory held so far.
    pub fn bytes(&self) -> usize {
        self.rows.bytes()
    }

    /// The rows.
    pub fn close(self) -> Rows {
        self.rows
    }

    fn point(&mut self, point: &TrailPoint<'_>) -> Point {
        Point {
            metric_name: self.intern(&point.metric_name),
            error_code: point.error_code.as_deref().map_or(Span::NONE, |text| self.intern(text)),
            error_message: point
                .error_message
                .as_deref()
                .map_or(Span::NONE, |text| self.intern(text)),
            step: point.step,
            value: point.value,
            metric_time: point.metric_time,
            metric_index: point.metric_index,
            accepted: point.accepted,
        }
    }

    /// A text that is probably new.
    fn append(&mut self, text: &str) -> Span {
        let at = u32::try_from(self.rows.text.len()).expect("an object's texts fit into 4 GiB");
        self.rows.text.push_str(text);
        Span { at, len: text.len() as u32 }
    }

    /// A text that probably stands there already.
    fn intern(&mut self, text: &str) -> Span {
        let hash = self.hasher.hash_one(text);
        match self.known.get(&hash) {
            Some(&span) if self.rows.text(span) == Some(text) => span,
            _ => {
                let span = self.append(text);
                self.known.insert(hash, span);
                span
            }
        }
    }
}

impl Rows {
    /// Bytes of memory held, and needed to sort and merge what is held.
    pub fn bytes(&self) -> usize {
        let versions = self.versions.capacity() * (size_of::<Version>() + MERGE_BYTES_PER_VERSION);
        let points = self.points.capacity() * (size_of::<Point>() + size_of::<Place>());
        self.text.capacity() + versions + points + size_of::<Self>()
    }

    /// How many points, that is rows.
    pub fn points(&self) -> u64 {
        self.points.len() as u64
    }

    /// How many versions of events.
    pub fn versions(&self) -> u32 {
        self.versions.len() as u32
    }

    /// How many points one version has.
    pub fn points_of(&self, version: u32) -> u64 {
        u64::from(self.versions[version as usize].points)
    }

    /// The event of a version, and its place among that event's versions.
    pub fn rank(&self, version: u32) -> (&str, Rank<'_>) {
        let Version { event_time, event_id, correction_id, .. } = self.versions[version as usize];
        let rank = Rank {
            event_time,
            correction_id: self.text(correction_id),
            extraction: METRICS.extraction,
            source_object: &self.source_object,
        };
        (self.text(event_id).expect("every event has an id"), rank)
    }

    fn some_text(&self, span: Span) -> &str {
        self.text(span).unwrap_or_default()
    }

    fn text(&self, span: Span) -> Option<&str> {
        let range = span.at as usize..(span.at as usize).saturating_add(span.len as usize);
        (span != Span::NONE).then(|| &self.text[range])
    }
}

/// A version of an event among several [`Rows`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pick {
    /// Which rows.
    pub rows: u32,
    /// Which version of them.
    pub version: u32,
}

/// Some versions' rows in the table's order.
#[derive(Debug)]
pub struct Sorted<'a> {
    all: &'a [Rows],
    /// By event.
    picks: Vec<Pick>,
    places: Vec<Place>,
}

/// A row, by what it is sorted by: texts as their ranks among all texts that there are, since a
/// comparison of numbers costs a tenth of one of texts. A version's points are in the order of
/// their `metric_index`, so their position stands for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    run: u32,
    metric: u32,
    metric_time: Millis,
    pick: u32,
    point: u32,
}

impl<'a> Sorted<'a> {
    /// Sorts the rows of some versions, of which no two are of one event.
    pub fn new(all: &'a [Rows], picks: impl Iterator<Item = Pick>) -> Self {
        let mut picks: Vec<Pick> = picks.collect();
        picks.sort_unstable_by_key(|pick| all[pick.rows as usize].rank(pick.version).0);
        let points =
            || picks.iter().enumerate().flat_map(|(at, &pick)| points(all, at as u32, pick));
        let ranks = ranks(points().flat_map(|(rows, version, _, point)| {
            [rows.some_text(version.run), rows.some_text(rows.points[point as usize].metric_name)]
        }));
        let place = |(rows, version, pick, point): (&Rows, &Version, u32, u32)| {
            let Point { metric_name, metric_time, .. } = rows.points[point as usize];
            let rank = |span| ranks[rows.some_text(span)];
            Place { run: rank(version.run), metric: rank(metric_name), metric_time, pick, point }
        };
        let mut places: Vec<Place> = points().map(place).collect();
        places.sort_unstable();
        Self { all, picks, places }
    }

    /// The rows as batches of [`BATCH_ROWS`].
    pub fn batches(&self) -> impl Iterator<Item = RecordBatch> + '_ {
        self.places.chunks(BATCH_ROWS).map(|places| self.batch(places))
    }

    fn batch(&self, places: &[Place]) -> RecordBatch {
        let rows = places.iter().map(|place| {
            let Pick { rows, version } = self.picks[place.pick as usize];
            let rows = &self.all[rows as usize];
            (rows, &rows.versions[version as usize], &rows.points[place.point as usize])
        });
        batch(&rows.collect::<Vec<_>>())
    }
}

fn points(all: &[Rows], at: u32, pick: Pick) -> impl Iterator<Item = (&Rows, &Version, u32, u32)> {
    let rows = &all[pick.rows as usize];
    let version = &rows.versions[pick.version as usize];
    (version.first_point..version.first_point + version.points)
        .map(move |point| (rows, version, at, point))
}

/// The position of each text among all of them in order.
fn ranks<'a>(texts: impl Iterator<Item = &'a str>) -> HashMap<&'a str, u32> {
    let mut ordered: Vec<&str> = texts.collect::<HashSet<_>>().into_iter().collect();
    ordered.sort_unstable();
    ordered.into_iter().zip(0..).collect()
}

/// The rows of one version by `metric_index`: its content, in the order contents are compared.
pub fn version_batch(all: &[Rows], pick: Pick) -> RecordBatch {
    let rows = points(all, 0, pick);
    let rows = rows.map(|(rows, version, _, point)| (rows, version, &rows.points[point as usize]));
    batch(&rows.collect::<Vec<_>>())
}

/// A row: where its texts are, what its call says, what it says itself.
type Row<'a> = (&'a Rows, &'a Version, &'a Point);

/// Some rows as a batch of the table.
fn batch(places: &[Row<'_>]) -> RecordBatch {
    let rows = || places.iter().copied();
    let text = |of: &dyn Fn(&Rows, &Version, &Point) -> Span| -> ArrayRef {
        let mut builder = StringBuilder::new();
        rows().for_each(|(rows, version, point)| {
            builder.append_option(rows.text(of(rows, version, point)));
        });
        Arc::new(builder.finish())
    };
    let time = |of: &dyn Fn(&Version, &Point) -> Millis| -> ArrayRef {
        let mut builder = TimestampMillisecondBuilder::with_capacity(places.len());
        rows().for_each(|(_, version, point)| builder.append_value(of(version, point)));
        Arc::new(builder.finish().with_timezone("UTC"))
    };
    let mut steps = Int64Builder::with_capacity(places.len());
    let mut values = Float64Builder::with_capacity(places.len());
    let mut indexes = Int32Builder::with_capacity(places.len());
    let mut accepted = BooleanBuilder::with_capacity(places.len());
    let mut sources = StringBuilder::new();
    let mut extractions = Int32Builder::with_capacity(places.len());
    for (rows, _, point) in rows() {
        steps.append_option(point.step);
        values.append_value(point.value);
        indexes.append_value(point.metric_index);
        accepted.append_value(point.accepted);
        sources.append_value(&rows.source_object);
        extractions.append_value(METRICS.extraction);
    }
    let mut columns: Vec<ArrayRef> = vec![
        text(&|_, version, _| version.run),
        text(&|_, _, point| point.metric_name),
        Arc::new(steps.finish()),
        Arc::new(values.finish()),
        time(&|_, point| point.metric_time),
        Arc::new(indexes.finish()),
        Arc::new(accepted.finish()),
        text(&|_, _, point| point.error_code),
        text(&|_, _, point| point.error_message),
        time(&|version, _| version.event_time),
        text(&|_, version, _| version.event_id),
        text(&|_, version, _| version.request_id),
    ];
    columns.extend((0..SHARED).map(|at| text(&|_, version, _| version.shared[at])));
    columns.push(text(&|_, version, _| version.correction_id));
    columns.push(Arc::new(sources.finish()));
    columns.push(Arc::new(extractions.finish()));
    RecordBatch::try_new(METRICS.arrow(), columns).expect("the columns of schemas/metrics.toml")
}
