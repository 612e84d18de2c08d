//! Rows inside batches: comparing two of them, walking over a stream of them, leaving some out.

use std::cmp::Ordering;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, TimestampMillisecondType};
use arrow_array::{BooleanArray, RecordBatch};
use arrow_cmp::{DynComparator, make_comparator};
use arrow_schema::SortOptions;
use arrow_select::filter::filter_record_batch;

use super::parquet::{Batches, Error};
use super::schema::Table;
use super::version::Rank;

/// Compares rows of two batches of one table, column by column: NULL first, doubles by total order.
struct Order {
    columns: Vec<DynComparator>,
}

impl Order {
    /// By these columns, in this order.
    ///
    /// # Errors
    /// The batches are not of one table.
    fn by(columns: &[usize], a: &RecordBatch, b: &RecordBatch) -> Result<Self, Error> {
        let options = SortOptions { descending: false, nulls_first: true };
        let of = |&at: &usize| make_comparator(a.column(at), b.column(at), options);
        Ok(Self { columns: columns.iter().map(of).collect::<Result<_, _>>()? })
    }

    /// Row `a` of the first batch against row `b` of the second.
    fn compare(&self, a: usize, b: usize) -> Ordering {
        let differing = self.columns.iter().map(|column| column(a, b)).find(|order| order.is_ne());
        differing.unwrap_or(Ordering::Equal)
    }
}

/// A stream of batches, row by row.
pub(super) struct Rows<'a> {
    batches: Batches<'a>,
    current: Option<RecordBatch>,
    row: usize,
    /// Counts the batches, so that a change of batch shows.
    pub(super) serial: usize,
}

impl<'a> Rows<'a> {
    /// At the first row.
    ///
    /// # Errors
    /// The first batch cannot be read.
    pub(super) fn new(batches: Batches<'a>) -> Result<Self, Error> {
        let mut rows = Self { batches, current: None, row: 0, serial: 0 };
        rows.next_batch()?;
        Ok(rows)
    }

    /// The batch and the row within it; none behind the last.
    pub(super) fn at(&self) -> Option<(&RecordBatch, usize)> {
        self.current.as_ref().map(|batch| (batch, self.row))
    }

    /// To the next row.
    ///
    /// # Errors
    /// The next batch cannot be read.
    pub(super) fn advance(&mut self) -> Result<(), Error> {
        self.row += 1;
        match &self.current {
            Some(batch) if self.row == batch.num_rows() => self.next_batch(),
            _ => Ok(()),
        }
    }

    fn next_batch(&mut self) -> Result<(), Error> {
        self.row = 0;
        self.serial += 1;
        loop {
            self.current = self.batches.next().transpose()?;
            if self.current.as_ref().is_none_or(|batch| batch.num_rows() > 0) {
                return Ok(());
            }
        }
    }
}

/// Two streams of one table, sorted alike, walked in step.
pub(super) struct Pair<'a> {
    pub(super) left: Rows<'a>,
    pub(super) right: Rows<'a>,
    key: Vec<usize>,
    all: Vec<usize>,
    orders: Option<((usize, usize), Order, Order)>,
}

impl<'a> Pair<'a> {
    /// Both at their first rows.
    pub(super) fn new(table: &Table, left: Batches<'a>, right: Batches<'a>) -> Result<Self, Error> {
        Ok(Self {
            left: Rows::new(left)?,
            right: Rows::new(right)?,
            key: table.sort.iter().map(|name| table.index(name)).collect(),
            all: (0..table.columns.len()).collect(),
            orders: None,
        })
    }

    /// Which side's row comes first by the table's order, and where they meet on one key, which has
    /// the smaller content. A side at its end comes last; none where both are.
    pub(super) fn compare(&mut self) -> Result<Option<(Ordering, Ordering)>, Error> {
        let (left, right) = match (self.left.at(), self.right.at()) {
            (None, None) => return Ok(None),
            (Some(_), None) => return Ok(Some((Ordering::Less, Ordering::Less))),
            (None, Some(_)) => return Ok(Some((Ordering::Greater, Ordering::Greater))),
            (Some(left), Some(right)) => (left, right),
        };
        let serials = (self.left.serial, self.right.serial);
        if self.orders.as_ref().is_none_or(|(of, ..)| *of != serials) {
            let by_key = Order::by(&self.key, left.0, right.0)?;
            self.orders = Some((serials, by_key, Order::by(&self.all, left.0, right.0)?));
        }
        let (_, by_key, by_all) = self.orders.as_ref().expect("just made");
        let key = by_key.compare(left.1, right.1);
        let content = if key.is_eq() { by_all.compare(left.1, right.1) } else { key };
        Ok(Some((key, content)))
    }
}

/// The columns that say which event a row belongs to, and which version of it.
pub(super) const VERSION_COLUMNS: [&str; 5] =
    ["event_id", "event_time", "correction_id", "extraction", "source_object"];

/// Reads those columns of a batch.
pub(super) struct Versions<'a> {
    columns: [&'a dyn arrow_array::Array; 5],
}

impl<'a> Versions<'a> {
    /// Of a batch that has them.
    ///
    /// # Errors
    /// It does not.
    pub(super) fn of(batch: &'a RecordBatch) -> Result<Self, Error> {
        let mut columns: [Option<&dyn arrow_array::Array>; 5] = [None; 5];
        for (at, name) in VERSION_COLUMNS.iter().enumerate() {
            columns[at] = batch.column_by_name(name).map(AsRef::as_ref);
        }
        let missing = VERSION_COLUMNS.iter().zip(&columns).find(|(_, column)| column.is_none());
        if let Some((name, _)) = missing {
            return Err(Error::MissingColumn((*name).to_owned()));
        }
        Ok(Self { columns: columns.map(|column| column.expect("none is missing")) })
    }

    /// The event of a row.
    pub(super) fn event(&self, row: usize) -> &'a str {
        self.columns[0].as_string::<i32>().value(row)
    }

    /// The rank of a row's version.
    pub(super) fn rank(&self, row: usize) -> Rank<'a> {
        let [_, time, correction, extraction, source] = self.columns;
        let correction = correction.as_string::<i32>();
        Rank {
            event_time: time.as_primitive::<TimestampMillisecondType>().value(row),
            correction_id: (!arrow_array::Array::is_null(correction, row))
                .then(|| correction.value(row)),
            extraction: extraction.as_primitive::<Int32Type>().value(row),
            source_object: source.as_string::<i32>().value(row),
        }
    }
}

/// All rows of `a` against all rows of `b` in schema order, the first difference deciding: the
/// order of two versions' contents, rows by `metric_index`.
pub(super) fn compare_contents(a: &RecordBatch, b: &RecordBatch) -> Result<Ordering, Error> {
    let all: Vec<usize> = (0..a.num_columns()).collect();
    let order = Order::by(&all, a, b)?;
    let both = a.num_rows().min(b.num_rows());
    let differing = (0..both).map(|row| order.compare(row, row)).find(|order| order.is_ne());
    Ok(differing.unwrap_or(a.num_rows().cmp(&b.num_rows())))
}

/// The rows whose event is kept.
pub(super) fn filter<'a>(batches: Batches<'a>, keep: impl Fn(&str) -> bool + 'a) -> Batches<'a> {
    Box::new(batches.map(move |batch| {
        let batch = batch?;
        let versions = Versions::of(&batch)?;
        let kept = (0..batch.num_rows()).map(|row| Some(keep(versions.event(row))));
        Ok(filter_record_batch(&batch, &kept.collect::<BooleanArray>())?)
    }))
}

/// A batch without rows of newer rules than ours: what they mean is not known here.
pub(super) fn not_newer(table: &Table, batch: RecordBatch) -> Result<RecordBatch, Error> {
    let column = batch.column_by_name("extraction");
    let newest =
        column.and_then(|column| column.as_primitive::<Int32Type>().iter().flatten().max());
    match newest.filter(|&newest| newest > table.extraction) {
        Some(newest) => Err(Error::NewerExtraction(newest)),
        None => Ok(batch),
    }
}
