//! Times as they are written in records: ISO 8601 calendar times, and epoch numbers.

use chrono::NaiveDate;

use super::number::Decimal;

/// A UTC time in milliseconds since 1970-01-01T00:00Z.
pub type Millis = i64;

/// The last millisecond of the year 9999.
pub const YEAR_9999_END: Millis = 253_402_300_799_999;

/// The first millisecond of 2013, the year CloudTrail began.
pub const YEAR_2013: Millis = 1_356_998_400_000;

const DAY: i64 = 86_400_000;

/// The UTC date of a time.
///
/// # Panics
/// Outside the years that [`parse_iso`] and [`parse_epoch`] let through.
pub fn date_of(time: Millis) -> NaiveDate {
    let days = i32::try_from(time.div_euclid(DAY)).expect("a time within the years 0 to 9999");
    NaiveDate::from_epoch_days(days).expect("a time within the years 0 to 9999")
}

/// Epoch milliseconds; below 10^11 (the year 5138 in seconds, 1973 in milliseconds) it is seconds.
/// Fractions are rounded to milliseconds, half away from zero. `None` outside 1970 to 9999.
pub fn parse_epoch(text: &str) -> Option<Millis> {
    let number = Decimal::parse(text)?;
    let power = if number.is_below_power(11) { 3 } else { 0 };
    number.scaled(power).filter(|time| (0..=YEAR_9999_END).contains(time))
}

/// A calendar date with or without a time, extended (`2022-12-14T21:53:41.5+01:00`) or basic
/// (`20221214T215341Z`); UTC where no zone is given. Fractions are rounded to milliseconds.
/// Leap seconds and `24:00` are not read. Years 0000 to 9999, in UTC.
pub fn parse_iso(text: &str) -> Option<Millis> {
    let mut reader = Reader { rest: text.as_bytes() };
    let year = reader.number(4)?;
    let dashed = reader.one_of(b"-").is_some();
    let month = reader.number(2)?;
    if dashed && reader.one_of(b"-").is_none() {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(year as i32, month as u32, reader.number(2)? as u32)?;
    let mut time = i64::from(date.to_epoch_days()) * DAY;
    if reader.one_of(b"Tt ").is_some() {
        time += reader.time_of_day()?;
        time -= reader.offset()?;
    }
    let first = -62_167_219_200_000;
    (reader.rest.is_empty() && (first..=YEAR_9999_END).contains(&time)).then_some(time)
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn one_of(&mut self, any: &[u8]) -> Option<u8> {
        let (&first, rest) = self.rest.split_first().filter(|(first, _)| any.contains(first))?;
        self.rest = rest;
        Some(first)
    }

    fn number(&mut self, digits: usize) -> Option<i64> {
        let (number, rest) = self.rest.split_at_checked(digits)?;
        self.rest = rest;
        number.iter().try_fold(0, |value, byte| {
            byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0'))
        })
    }

    fn below(&mut self, limit: i64) -> Option<i64> {
        self.number(2).filter(|&number| number < limit)
    }

    /// `HH:MM[:SS[.fraction]]` or the same without colons, in milliseconds.
    fn time_of_day(&mut self) -> Option<i64> {
        let hour = self.below(24)?;
        let colon = self.one_of(b":").is_some();
        let minute = self.below(60)?;
        let mut millis = (hour * 60 + minute) * 60_000;
        let seconds_follow = if colon {
            self.one_of(b":").is_some()
        } else {
            self.rest.first().is_some_and(u8::is_ascii_digit)
        };
        if seconds_follow {
            millis += self.below(60)? * 1000;
            if self.one_of(b".,").is_some() {
                millis += self.fraction()?;
            }
        }
        Some(millis)
    }

    fn fraction(&mut self) -> Option<i64> {
        let count = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.rest.split_at(count);
        self.rest = rest;
        let digit = |at: usize| digits.get(at).map_or(0, |digit| i64::from(digit - b'0'));
        let rounded = digit(0) * 100 + digit(1) * 10 + digit(2) + i64::from(digit(3) >= 5);
        (count > 0).then_some(rounded)
    }

    /// The zone's distance from UTC in milliseconds; none is UTC.
    fn offset(&mut self) -> Option<i64> {
        let sign = match self.one_of(b"Zz+-") {
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => return Some(0),
        };
        let hours = self.below(24)?;
        let colon = self.one_of(b":").is_some();
        let minutes = if colon || !self.rest.is_empty() { self.below(60)? } else { 0 };
        Some(sign * (hours * 60 + minutes) * 60_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_times() {
        let same = 1_671_054_821_000;
        for text in [
            "2022-12-14T21:53:41Z",
            "2022-12-14T21:53:41",
            "2022-12-14 21:53:41.000Z",
            "2022-12-14t22:53:41,0004+01:00",
            "2022-12-14T16:23:41-0530",
            "20221214T215341Z",
            "2022-12-14T21:53:40.9995Z",
        ] {
            assert_eq!(parse_iso(text), Some(same), "{text}");
        }
        assert_eq!(parse_iso("2022-12-14"), Some(1_670_976_000_000));
        assert_eq!(parse_iso("2022-12-14T21:53+01"), Some(1_671_051_180_000));
        assert_eq!(parse_iso("9999-12-31T23:59:59.9996Z"), None);
        assert_eq!(parse_iso("1969-12-31T23:59:59Z"), Some(-1000));
    }

    #[test]
    fn not_iso_times() {
        for text in [
            "",
            "2022",
            "2022-12",
            "2022-1214",
            "202212-14",
            "2022-02-30",
            "2022-12-14T",
            "2022-12-14T24:00:00Z",
            "2022-12-14T23:59:60Z",
            "2022-12-14T21:53:41.Z",
            "2022-12-14T21:53:41ZZ",
            "2022-12-14Z",
            "today",
            "2022-12-14T21:53:41+1",
            "2022-12-14T21:53:41 Z",
            "+022-12-14",
        ] {
            assert_eq!(parse_iso(text), None, "{text}");
        }
    }

    #[test]
    fn epoch_numbers() {
        assert_eq!(parse_epoch("1670366870000"), Some(1_670_366_870_000));
        assert_eq!(parse_epoch("1670366870"), Some(1_670_366_870_000));
        assert_eq!(parse_epoch("1670366870.1235"), Some(1_670_366_870_124));
        assert_eq!(parse_epoch("99999999999"), Some(99_999_999_999_000));
        assert_eq!(parse_epoch("1e11"), Some(100_000_000_000));
        assert_eq!(parse_epoch("0"), Some(0));
        assert_eq!(parse_epoch("253402300799999.4"), Some(YEAR_9999_END));
        for text in ["-1", "253402300800000", "253402300799999.5", "1e30", "soon"] {
            assert_eq!(parse_epoch(text), None, "{text}");
        }
    }

    #[test]
    fn dates() {
        assert_eq!(date_of(YEAR_2013).to_string(), "2013-01-01");
        assert_eq!(date_of(-1).to_string(), "1969-12-31");
        assert_eq!(date_of(YEAR_9999_END).to_string(), "9999-12-31");
    }
}
