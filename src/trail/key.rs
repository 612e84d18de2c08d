//! The name of a log object: what CloudTrail calls the file, parsed into a type that cannot be
//! wrong and printed back as its inverse.
//!
//! Source of the grammar: "Finding your CloudTrail log files" and "CloudTrail log file examples",
//! AWS CloudTrail user guide. The two pages disagree about the `_` before the unique part, so it is
//! optional here and kept; the unique part is 16 characters on one page and 15 on the other.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;

/// The longest unique part that packs into [`Packed`] together with the minute: 62^19 < 2^114.
pub const UNIQUE_CHARS_MAX: usize = 19;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const MINUTES_PER_DAY: u128 = 24 * 60;
const SUFFIX: &str = ".json.gz";
const FOLDER: &str = "_CloudTrail_";

/// A value that is safe as a path segment: 1 to 64 of `A-Z a-z 0-9 -`.
///
/// Accounts are not held to 12 digits: AWS's own sample event has one of 17 characters.
pub fn is_safe_segment(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// One (account, region, delivery date): the unit of listing, retry, ledger and progress.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogDay {
    /// Account that the log belongs to; [`is_safe_segment`].
    pub account: String,
    /// Region that the log belongs to; [`is_safe_segment`].
    pub region: String,
    /// The UTC date of delivery.
    pub date: NaiveDate,
}

impl fmt::Display for LogDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.account, self.region, self.date)
    }
}

/// A log object's identity, the same wherever the file was copied.
///
/// - `ACCOUNT_CloudTrail_REGION_YYYYMMDDTHHmmZ[_]UNIQUE.json.gz`
/// - account and region are [safe segments](is_safe_segment)
/// - the minute exists on the calendar
/// - UNIQUE is 1 to 19 of `0-9 A-Z a-z`
///
/// Digest, insight and aggregated files have other names and do not parse.
///
/// ```
/// use trailquet::trail::key::LogName;
/// let name = "123456789012_CloudTrail_us-east-1_20240229T2355Z_AbCdEfGhIjKlMnOp.json.gz";
/// assert_eq!(name.parse::<LogName>().unwrap().to_string(), name);
/// assert!("123456789012_CloudTrail_us-east-1_20230229T2355Z_AbCd.json.gz".parse::<LogName>().is_err());
/// assert!("1_CloudTrail-Digest_us-east-1_20240229T2355Z_AbCd.json.gz".parse::<LogName>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LogName {
    day: LogDay,
    packed: Packed,
}

/// The part of a name that differs within a log day (minute, underscore, unique part), as a number.
/// 16 bytes in the ledger, whatever the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Packed(u128);

impl Packed {
    /// The number as stored.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// Reads a stored number; `None` where no name packs to it.
    pub fn from_bytes(bytes: [u8; 16]) -> Option<Self> {
        let packed = Self(u128::from_be_bytes(bytes));
        let (_, _, unique) = packed.parts();
        (!unique.is_empty() && unique.len() <= UNIQUE_CHARS_MAX).then_some(packed)
    }

    fn new(minute: u128, underscore: bool, unique: &str) -> Self {
        // Bijective base 62: strings of different length never meet on one number.
        let digit =
            |byte: u8| ALPHABET.iter().position(|&c| c == byte).expect("alphanumeric") as u128;
        let number = unique.bytes().fold(0, |number, byte| number * 62 + digit(byte) + 1);
        Self((number * MINUTES_PER_DAY + minute) * 2 + u128::from(underscore))
    }

    fn parts(self) -> (u128, bool, String) {
        let (rest, underscore) = (self.0 / 2, self.0 % 2 == 1);
        let (mut number, minute) = (rest / MINUTES_PER_DAY, rest % MINUTES_PER_DAY);
        let mut unique = Vec::new();
        while number > 0 {
            number -= 1;
            unique.push(ALPHABET[(number % 62) as usize]);
            number /= 62;
        }
        unique.reverse();
        (minute, underscore, String::from_utf8(unique).expect("the alphabet is ASCII"))
    }
}

impl LogName {
    /// The log day that the name states. A copy in another day's folder keeps its name's day.
    pub fn day(&self) -> &LogDay {
        &self.day
    }

    /// What tells the names of one log day apart.
    pub fn packed(&self) -> Packed {
        self.packed
    }

    /// The name of `packed` on `day`: the inverse of taking the two apart.
    pub fn join(day: LogDay, packed: Packed) -> Self {
        Self { day, packed }
    }
}

impl fmt::Display for LogName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (minute, underscore, unique) = self.packed.parts();
        let LogDay { account, region, date } = &self.day;
        let (date, hour, minute) = (date.format("%Y%m%d"), minute / 60, minute % 60);
        let separator = if underscore { "_" } else { "" };
        write!(
            f,
            "{account}{FOLDER}{region}_{date}T{hour:02}{minute:02}Z{separator}{unique}{SUFFIX}"
        )
    }
}

/// The text is not the name of a log object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a CloudTrail log file")]
pub struct NotALogName;

impl FromStr for LogName {
    type Err = NotALogName;

    fn from_str(name: &str) -> Result<Self, NotALogName> {
        parse(name).ok_or(NotALogName)
    }
}

fn parse(name: &str) -> Option<LogName> {
    let stem = name.strip_suffix(SUFFIX)?;
    let (account, rest) = stem.split_once(FOLDER)?;
    let (region, rest) = rest.split_once('_')?;
    if !is_safe_segment(account) || !is_safe_segment(region) || !rest.is_ascii() {
        return None;
    }
    let (stamp, unique) = (rest.get(..14)?, rest.get(14..)?);
    let (date, minute) = parse_stamp(stamp)?;
    let (underscore, unique) = match unique.strip_prefix('_') {
        Some(unique) => (true, unique),
        None => (false, unique),
    };
    let fits = (1..=UNIQUE_CHARS_MAX).contains(&unique.len());
    if !fits || !unique.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let day = LogDay { account: account.to_owned(), region: region.to_owned(), date };
    Some(LogName { day, packed: Packed::new(minute, underscore, unique) })
}

/// `YYYYMMDDTHHmmZ`, exactly.
fn parse_stamp(stamp: &str) -> Option<(NaiveDate, u128)> {
    let number = |from: usize, to: usize| {
        let digits = &stamp[from..to];
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<u32>().ok())?
    };
    if &stamp[8..9] != "T" || &stamp[13..] != "Z" {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(number(0, 4)? as i32, number(4, 6)?, number(6, 8)?)?;
    let (hour, minute) = (number(9, 11)?, number(11, 13)?);
    (hour < 24 && minute < 60).then_some((date, u128::from(hour * 60 + minute)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn print_and_parse_are_inverses(
            name in "[A-Za-z0-9-]{1,64}_CloudTrail_[A-Za-z0-9-]{1,64}_(19|20)[0-9]{2}(0[1-9]|1[0-2])\
                     (0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3])[0-5][0-9]Z_?[A-Za-z0-9]{1,19}\\.json\\.gz"
        ) {
            let parsed: LogName = name.parse().unwrap();
            prop_assert_eq!(parsed.to_string(), name);
            let stored = Packed::from_bytes(parsed.packed().to_bytes()).unwrap();
            prop_assert_eq!(LogName::join(parsed.day().clone(), stored), parsed);
        }

        #[test]
        fn whatever_parses_prints_back(name in "\\PC{0,90}|[0-9]{1,3}_CloudTrail_[a-z]{1,3}_2024[0-9]{4}T[0-9]{4}Z.{0,20}\\.json\\.gz") {
            if let Ok(parsed) = name.parse::<LogName>() {
                prop_assert_eq!(parsed.to_string(), name);
            }
        }
    }

    #[test]
    fn names_of_the_documentation_parse() {
        for name in [
            "111122223333_CloudTrail_us-east-2_20150801T0210Z_Mu0KsOhtH1ar15ZZ.json.gz",
            "123456789012_CloudTrail_us-west-1_20140620T1255ZHdkvFTXOA3Vnhbc.json.gz",
            "1234567890abcdef0_CloudTrail_us-gov-west-1_20221214T2200Z_AbCdEfGhIjKlMnOp.json.gz",
        ] {
            assert_eq!(name.parse::<LogName>().unwrap().to_string(), name);
        }
    }

    #[test]
    fn other_files_do_not_parse() {
        for name in [
            "",
            ".json.gz",
            "_CloudTrail__20150801T0210Z_Mu0KsOhtH1ar15ZZ.json.gz",
            "1_CloudTrail_us-east-2_20150801T0210Z_.json.gz",
            "1_CloudTrail_us-east-2_20150801T2410Z_Mu0KsOhtH1ar15ZZ.json.gz",
            "1_CloudTrail_us-east-2_20150801T0210Z_Mu0KsOhtH1ar15ZZ.json",
            "1_CloudTrail_us-east-2_20150801T0210Z_Mu0KsOhtH1ar15ZZ.json.gz.bak",
            "1_CloudTrail_us-east-2_20150801T0210Z__u0KsOhtH1ar15ZZ.json.gz",
            "1_CloudTrail_us-east-2_20150801T0210Z_12345678901234567890.json.gz",
            "1_CloudTrail-Insight_us-east-2_20150801T0210Z_Mu0KsOhtH1ar15ZZ.json.gz",
            "1_CloudTrail_us-east-2_2015+801T0210Z_Mu0KsOhtH1ar15ZZ.json.gz",
            "a/b_CloudTrail_us-east-2_20150801T0210Z_Mu0KsOhtH1ar15ZZ.json.gz",
        ] {
            assert_eq!(name.parse::<LogName>(), Err(NotALogName), "{name}");
        }
    }
}
