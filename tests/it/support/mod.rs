//! What tests of every subject share: real servers, and the rule for tests that cannot run here.

pub(crate) mod fake;
pub(crate) mod inside;
pub(crate) mod place;
pub(crate) mod run;
pub(crate) mod scene;
pub(crate) mod servers;
pub(crate) mod trace;

use std::ffi::OsString;
use std::io::Write as _;

/// An environment variable. Tests have no command line of their own to take it from.
#[expect(clippy::disallowed_methods, reason = "a test's only input is its environment")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Says that a test cannot run here, or fails it where that is not allowed.
pub(crate) fn skip(test: &str, why: &str) {
    assert!(variable("TRAILQUET_TEST_NO_SKIP").is_none(), "{test} cannot run: {why}");
    // Not `println!`, which is shown for failed tests only.
    let _ = writeln!(std::io::stderr(), "skipped: {test}: {why}");
}

/// Runs one test of this binary in a process of its own, with these variables set.
pub(crate) fn child(test: &str, variables: &[(&str, OsString)]) -> std::process::Command {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]);
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    command
}
