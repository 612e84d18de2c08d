//! Sets of delivery days: what a run is asked for, what is covered, what is left to list.

use chrono::{Datelike, Months, NaiveDate};
use serde::{Deserialize, Serialize};

/// The first day that a folder or a name can state.
pub const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(0, 1, 1).expect("on the calendar");

/// The last day that a folder or a name can state.
pub const LAST_DAY: NaiveDate = NaiveDate::from_ymd_opt(9999, 12, 31).expect("on the calendar");

/// A stretch of days, both ends included.
pub type Range = (NaiveDate, NaiveDate);

/// All days of a year; `None` where there is no such year.
pub fn year(year: i32) -> Option<Range> {
    Some((NaiveDate::from_ymd_opt(year, 1, 1)?, NaiveDate::from_ymd_opt(year, 12, 31)?))
}

/// All days of a month; `None` where there is no such month.
pub fn month(year: i32, month: u32) -> Option<Range> {
    let first = NaiveDate::from_ymd_opt(year, month, 1)?;
    Some((first, first.checked_add_months(Months::new(1))?.pred_opt()?))
}

/// A set of days, as ranges in order, apart from each other, none empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Range>", into = "Vec<Range>")]
pub struct DaySet {
    ranges: Vec<Range>,
}

impl From<Vec<Range>> for DaySet {
    fn from(ranges: Vec<Range>) -> Self {
        let mut set = Self::default();
        ranges.into_iter().for_each(|range| set.insert(range));
        set
    }
}

impl From<DaySet> for Vec<Range> {
    fn from(set: DaySet) -> Self {
        set.ranges
    }
}

impl DaySet {
    /// The days of one range; none where it ends before it starts.
    pub fn of(range: Range) -> Self {
        vec![range].into()
    }

    /// True where no day is in the set.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Adds the days of a range.
    pub fn insert(&mut self, (mut first, mut last): Range) {
        if first > last {
            return;
        }
        self.ranges.retain(|&(from, to)| {
            let touches = from <= next(last) && first <= next(to);
            if touches {
                first = first.min(from);
                last = last.max(to);
            }
            !touches
        });
        let place = self.ranges.partition_point(|&(from, _)| from < first);
        self.ranges.insert(place, (first, last));
    }

    /// Takes the days of a range out.
    pub fn remove(&mut self, (first, last): Range) {
        if first > last {
            return;
        }
        let keep = |(from, to): Range| {
            let before = (from, to.min(first.pred_opt().unwrap_or(FIRST_DAY)));
            let after = (from.max(next(last)), to);
            [(before, from < first), (after, to > last)]
        };
        let parts = self.ranges.drain(..).flat_map(keep);
        self.ranges = parts.filter_map(|(part, is_left)| is_left.then_some(part)).collect();
    }

    /// Joins another set into this one.
    pub fn union(&mut self, other: &Self) {
        other.ranges.iter().for_each(|&range| self.insert(range));
    }

    /// The days of this set that are not in `other`.
    pub fn without(&self, other: &Self) -> Self {
        let mut left = self.clone();
        other.ranges.iter().for_each(|&range| left.remove(range));
        left
    }

    /// True for a day of the set.
    pub fn contains(&self, day: NaiveDate) -> bool {
        self.count_within((day, day)) == 1
    }

    /// How many days of a range are in the set.
    pub fn count_within(&self, (first, last): Range) -> i64 {
        let within = |&(from, to): &Range| (to.min(last) - from.max(first)).num_days() + 1;
        self.ranges.iter().map(within).filter(|&days| days > 0).sum()
    }

    /// The days in order. Only for sets that are known to be small.
    pub fn iter(&self) -> impl Iterator<Item = NaiveDate> + '_ {
        let days = |&(from, to): &Range| from.iter_days().take_while(move |&day| day <= to);
        self.ranges.iter().flat_map(days)
    }

    /// How many days there are in all.
    pub fn count(&self) -> i64 {
        self.count_within((FIRST_DAY, LAST_DAY))
    }
}

/// The day after, within what the calendar type holds.
fn next(day: NaiveDate) -> NaiveDate {
    day.succ_opt().unwrap_or(day)
}

/// The number of days from the start of the common era: for distances.
pub fn days_between(from: NaiveDate, to: NaiveDate) -> i32 {
    to.num_days_from_ce() - from.num_days_from_ce()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(number: i32) -> NaiveDate {
        NaiveDate::from_epoch_days(number).unwrap()
    }

    fn set(ranges: &[(i32, i32)]) -> DaySet {
        ranges.iter().map(|&(from, to)| (day(from), day(to))).collect::<Vec<_>>().into()
    }

    proptest! {
        #[test]
        fn behaves_like_a_set_of_days(
            added in proptest::collection::vec((0..30, 0..30), 0..6),
            removed in proptest::collection::vec((0..30, 0..30), 0..6),
        ) {
            let (added_set, removed_set) = (set(&added), set(&removed));
            let left = added_set.without(&removed_set);
            let within = |ranges: &[(i32, i32)], at| ranges.iter().any(|&(from, to)| (from..=to).contains(&at));
            for at in 0..30 {
                let expected = within(&added, at) && !within(&removed, at);
                prop_assert_eq!(left.contains(day(at)), expected);
            }
            prop_assert_eq!(left.iter().count() as i64, left.count());
            let pairs: Vec<Range> = left.clone().into();
            prop_assert!(pairs.windows(2).all(|pair| days_between(pair[0].1, pair[1].0) > 1));
            let mut whole = left.clone();
            whole.union(&removed_set);
            whole.union(&added_set);
            let mut union = added_set;
            union.union(&removed_set);
            prop_assert_eq!(whole, union);
        }
    }

    #[test]
    fn months_and_years() {
        assert_eq!(month(2024, 2).unwrap().1.to_string(), "2024-02-29");
        assert_eq!(month(2024, 13), None);
        assert_eq!(year(2023).unwrap().1.to_string(), "2023-12-31");
        assert_eq!(set(&[(3, 2)]), DaySet::default());
        let everything = DaySet::of((FIRST_DAY, LAST_DAY));
        assert!(everything.without(&everything).is_empty());
        assert_eq!(everything.count_within(month(2024, 2).unwrap()), 29);
    }
}
