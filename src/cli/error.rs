//! Errors as people see them: one line that says what failed on what and why, and a hint.

use crate::pipeline::Error;
use crate::{commit, ledger, source, store, target};

use super::Exit;

/// Why the program ends without having done its work.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) exit: Exit,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl Failure {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { exit: Exit::Failed, message: message.into(), hint: None }
    }

    pub(super) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, message: message.into(), hint: Some(hint.into()) }
    }
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        Self { hint: error.hint(), ..Self::new(error.to_string()) }
    }
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        let exit = match error {
            Error::Target(target::Error::OtherBuckets { .. }) => Exit::Usage,
            _ => Exit::Failed,
        };
        Self { exit, message: error.to_string(), hint: hint(error) }
    }
}

fn hint(error: &Error) -> Option<String> {
    let text = match error {
        Error::Source(source::Error::Store(error))
        | Error::Target(target::Error::Store(error))
        | Error::Commit(commit::Error::Store(error))
        | Error::Ledger(ledger::Error::Store(error)) => return error.hint(),
        Error::Source(source::Error::NoTrail { instead: Some(folder), .. }) => {
            return Some(format!("use --source {folder}"));
        }
        Error::Source(source::Error::NoTrail { .. }) => {
            "--source is the folder that holds AWSLogs/; for loose files use --layout flat"
        }
        Error::Source(source::Error::TooMany { .. }) => {
            "narrow it with --from and --to, or raise --memory-limit"
        }
        Error::Target(target::Error::Newer(_)) | Error::Ledger(ledger::Error::Newer(_)) => {
            "use that version, or export into a new target"
        }
        Error::Target(target::Error::OtherBuckets { has, .. }) => {
            return Some(format!(
                "the number is fixed when a target is created: leave --buckets out or say {has}"
            ));
        }
        Error::Target(target::Error::DoesNotCompare(_)) => {
            "two runs would overwrite each other there; use S3, a store with conditional puts, or a folder"
        }
        Error::Commit(commit::Error::Table { .. }) => {
            "move that file away if it is not trailquet's; a newer version's needs that version"
        }
        Error::Commit(commit::Error::TooLarge(_)) => "create a new target with --buckets",
    };
    Some(text.to_owned())
}
