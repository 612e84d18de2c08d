//! Where CloudTrail puts its files: the folders between a source and a log object.
//!
//! `AWSLogs/[o-ORG/]ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/NAME`, below whatever prefix the source
//! has ("Finding your CloudTrail log files", AWS CloudTrail user guide). A Control Tower trail is
//! the same with the organization's id as prefix. Siblings of `CloudTrail/` hold digests, insights,
//! network activity and aggregates, never log objects; every folder below therefore ends in `/`.

use chrono::NaiveDate;

use super::key::{LogName, is_safe_segment};

/// The folder that a source must hold.
pub const AWS_LOGS: &str = "AWSLogs/";

/// A folder directly below `AWSLogs/`, or below an organization's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// `o-…`: an organization, with accounts below it.
    Organization,
    /// An account.
    Account,
    /// Nothing of CloudTrail's.
    Other,
}

/// What the folder called `name` is.
pub fn owner(name: &str) -> Owner {
    let is_organization = name.strip_prefix("o-").is_some_and(|id| {
        !id.is_empty() && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    });
    match name {
        _ if is_organization => Owner::Organization,
        _ if is_safe_segment(name) => Owner::Account,
        _ => Owner::Other,
    }
}

/// A listing root: the folder that holds the years of one account and region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Root {
    /// Account that the folder names.
    pub account: String,
    /// Region that the folder names.
    pub region: String,
    /// Prefix of every key below, relative to the source, ending in `/`.
    pub prefix: String,
}

impl Root {
    /// The folder of `region` below an account's folder `account_prefix`.
    pub fn new(account_prefix: &str, account: &str, region: &str) -> Self {
        let prefix = format!("{account_prefix}{CLOUD_TRAIL}{region}/");
        Self { account: account.to_owned(), region: region.to_owned(), prefix }
    }

    /// Folder of a year.
    pub fn year(&self, year: i32) -> String {
        format!("{}{year:04}/", self.prefix)
    }

    /// Folder of a month.
    pub fn month(&self, year: i32, month: u32) -> String {
        format!("{}{month:02}/", self.year(year))
    }

    /// Folder of a day.
    pub fn day(&self, day: NaiveDate) -> String {
        format!("{}{}/", self.prefix, day.format("%Y/%m/%d"))
    }

    /// What lies at `key`.
    pub fn place(&self, key: &str) -> Place {
        let Some((day, file)) = key.strip_prefix(&self.prefix).and_then(split_day) else {
            return Place::Elsewhere;
        };
        match file.parse::<LogName>() {
            Ok(name) if name.day().account == self.account && name.day().region == self.region => {
                Place::Log(day, name)
            }
            _ if file.is_empty() => Place::Elsewhere,
            _ => Place::Stray(day),
        }
    }
}

/// The folder below an account that holds the log objects of its regions.
pub const CLOUD_TRAIL: &str = "CloudTrail/";

/// What a key below a root is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A log object in the folder of this day.
    Log(NaiveDate, LogName),
    /// Something else below the folder of this day.
    Stray(NaiveDate),
    /// Not below a day's folder, or that folder itself.
    Elsewhere,
}

/// Splits `YYYY/MM/DD/rest`.
fn split_day(path: &str) -> Option<(NaiveDate, &str)> {
    let (day, rest) = path.split_at_checked(11)?;
    let mut parts = day.strip_suffix('/')?.split('/');
    let mut number = |digits| folder_number(parts.next()?, digits);
    let (year, month, day) = (number(4)?, number(2)?, number(2)?);
    Some((NaiveDate::from_ymd_opt(year as i32, month, day)?, rest))
}

/// The number that a year's, month's or day's folder is named by: exactly so many digits.
pub fn folder_number(name: &str, digits: usize) -> Option<u32> {
    let is_number = name.len() == digits && name.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| name.parse().ok())?
}

/// The last segment of a folder's prefix: `a/b/` is called `b`.
pub fn folder_name(prefix: &str) -> &str {
    let path = prefix.strip_suffix('/').unwrap_or(prefix);
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "012345678901_CloudTrail_eu-west-1_20240229T2355Z_AbCdEfGhIjKlMnOp.json.gz";

    fn root() -> Root {
        Root::new("AWSLogs/o-abc123/012345678901/", "012345678901", "eu-west-1")
    }

    #[test]
    fn owners() {
        assert_eq!(owner("o-abc123"), Owner::Organization);
        for account in ["012345678901", "1234567890abcdef0", "O-x", "o-"] {
            assert_eq!(owner(account), Owner::Account, "{account}");
        }
        for other in ["", "a b", "..", "a_b"] {
            assert_eq!(owner(other), Owner::Other, "{other}");
        }
    }

    #[test]
    fn places() {
        let day = NaiveDate::from_ymd_opt(2024, 3, 1).unwrap();
        let folder = root().day(day);
        assert_eq!(folder, "AWSLogs/o-abc123/012345678901/CloudTrail/eu-west-1/2024/03/01/");
        let place = |rest: &str| root().place(&format!("{folder}{rest}"));
        assert_eq!(place(FILE), Place::Log(day, FILE.parse().unwrap()));
        for stray in [
            "_SUCCESS",
            "sub/x",
            &format!("sub/{FILE}"),
            &FILE.replace("eu-", "us-"),
            &FILE.replace("0123", "1"),
        ] {
            assert_eq!(place(stray), Place::Stray(day), "{stray}");
        }
        assert_eq!(place(""), Place::Elsewhere);
        for elsewhere in
            ["2024/03/notes.txt", "2024/02/30/x", "2024/3/01/x", "README", "20240301/x"]
        {
            assert_eq!(
                root().place(&format!("{}{elsewhere}", root().prefix)),
                Place::Elsewhere,
                "{elsewhere}"
            );
        }
    }

    #[test]
    fn folders() {
        assert_eq!(folder_name("a/b/"), "b");
        assert_eq!(folder_number("2024", 4), Some(2024));
        assert_eq!(folder_number("+024", 4), None);
        assert_eq!(folder_number("24", 4), None);
    }
}
