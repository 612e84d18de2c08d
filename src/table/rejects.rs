//! Rows of the rejects table before they are a file.

use std::sync::Arc;

use arrow_array::builder::{Int32Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};

use crate::trail::record::Reason;

use super::schema::REJECTS;

/// The JSON of a reject is kept up to this length: more than a call of ten points takes, and a
/// bound on what a hostile log can make us hold.
pub const RAW_BYTES_MAX: usize = 16 << 10;

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Why.
    pub reason: Reason,
    /// File name of the log object.
    pub source_object: Arc<str>,
    /// Position in `Records`.
    pub record_index: i32,
    /// Position in `metricData`; none for a whole record.
    pub metric_index: Option<i32>,
    /// The record's own id.
    pub event_id: Option<Box<str>>,
    /// The JSON, as [`raw_text`] bounds it.
    pub raw: Box<str>,
}

/// A record's JSON as it is kept: what cannot be Unicode replaced, cut off at [`RAW_BYTES_MAX`].
pub fn raw_text(raw: &[u8]) -> Box<str> {
    let text = String::from_utf8_lossy(&raw[..raw.len().min(RAW_BYTES_MAX)]);
    text[..text.floor_char_boundary(RAW_BYTES_MAX)].into()
}

impl Reject {
    /// Bytes of memory held.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.raw.len() + self.event_id.as_ref().map_or(0, |id| id.len())
    }

    /// Identity first, then the content that decides between two of one identity.
    fn key(&self) -> impl Ord + '_ {
        let identity = (&self.source_object, self.record_index, self.metric_index);
        (identity, self.reason.as_str(), self.reason.detail(), &self.raw)
    }

    fn same_identity(&self, other: &Self) -> bool {
        let identity =
            |of: &Self| (Arc::clone(&of.source_object), of.record_index, of.metric_index);
        identity(self) == identity(other)
    }
}

/// The rejects in the table's order, one for each identity: the smallest.
pub fn sorted(mut rejects: Vec<Reject>) -> Vec<Reject> {
    rejects.sort_unstable_by(|a, b| a.key().cmp(&b.key()));
    rejects.dedup_by(|later, first| later.same_identity(first));
    rejects
}

/// Some rejects as a batch of the table.
pub fn batch(rejects: &[Reject]) -> RecordBatch {
    let text = |of: &dyn Fn(&Reject) -> Option<String>| -> ArrayRef {
        let mut builder = StringBuilder::new();
        rejects.iter().for_each(|reject| builder.append_option(of(reject)));
        Arc::new(builder.finish())
    };
    let int = |of: &dyn Fn(&Reject) -> Option<i32>| -> ArrayRef {
        let mut builder = Int32Builder::with_capacity(rejects.len());
        rejects.iter().for_each(|reject| builder.append_option(of(reject)));
        Arc::new(builder.finish())
    };
    let columns = vec![
        text(&|reject| Some(reject.reason.as_str().to_owned())),
        text(&|reject| Some(reject.reason.detail().to_owned())),
        text(&|reject| Some(reject.source_object.to_string())),
        int(&|reject| Some(reject.record_index)),
        int(&|reject| reject.metric_index),
        text(&|reject| reject.event_id.as_ref().map(ToString::to_string)),
        text(&|reject| Some(reject.raw.to_string())),
        int(&|_| Some(REJECTS.extraction)),
    ];
    RecordBatch::try_new(REJECTS.arrow(), columns).expect("the columns of schemas/rejects.toml")
}
