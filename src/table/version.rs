//! Versions of an event, and which of them is the event.
//!
//! CloudTrail may deliver an event twice, in one file or in several, and may correct it later
//! (`addendum.reason` = `UPDATED_DATA`, "CloudTrail record contents"). All rows of one event come
//! from one version: the greatest [`Rank`], and where ranks are equal the smallest content. Both are
//! total orders over what the rows themselves say, so the choice is a join: the order of arrival
//! cannot change it.

use std::cmp::{Ordering, Reverse};

use crate::trail::time::Millis;

/// What decides between versions of one event before their content does. The greater one wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rank<'a> {
    /// When the call, or its correction, completed.
    pub event_time: Millis,
    /// The correction's id; none for an original.
    pub correction_id: Option<&'a str>,
    /// Version of the rules that made the rows.
    pub extraction: i32,
    /// File name of the log object.
    pub source_object: &'a str,
}

impl Rank<'_> {
    /// A correction before an original; then the latest; then the newest extraction; then the
    /// smallest name.
    fn order(&self) -> impl Ord + '_ {
        let Self { event_time, correction_id, extraction, source_object } = *self;
        (correction_id.is_some(), event_time, correction_id, extraction, Reverse(source_object))
    }
}

impl Ord for Rank<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order().cmp(&other.order())
    }
}

impl PartialOrd for Rank<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_contract() {
        let rank = |event_time, correction_id, extraction, source_object| Rank {
            event_time,
            correction_id,
            extraction,
            source_object,
        };
        let from_best_to_worst = [
            rank(5, Some("b"), 1, "z"),
            rank(5, Some("a"), 2, "z"),
            rank(5, Some("a"), 1, "y"),
            rank(4, Some("c"), 1, "z"),
            rank(9, None, 2, "z"),
            rank(9, None, 1, "a"),
            rank(9, None, 1, "b"),
            rank(8, None, 3, "a"),
        ];
        assert!(from_best_to_worst.windows(2).all(|pair| pair[0] > pair[1]));
    }
}
