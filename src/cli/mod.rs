//! The command line: arguments to options, events to lines, ends to exit codes. The only part of
//! the library that prints, reads the clock or catches signals.
//!
//! stdout is data, stderr is talk.

mod args;
mod clock;
mod demo;
mod error;
mod export;
mod open;
mod report;
mod sample;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use error::Failure;

/// How a run ended, as the shell sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Failed; what was durable stays.
    Failed = 1,
    /// The command line is wrong; nothing was touched.
    Usage = 2,
    /// Done, but there are new rejects, newly failed or unavailable objects.
    Incomplete = 3,
    /// Interrupted; what was durable stays.
    Interrupted = 130,
}

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to stdout and are no failure; clap knows which is which.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { Exit::Usage as u8 } else { 0 });
        }
    };
    let exit = match run(cli) {
        Ok(exit) => exit,
        Err(failure) => {
            report::failure(&failure);
            failure.exit
        }
    };
    ExitCode::from(exit as u8)
}

fn run(cli: Cli) -> Result<Exit, Failure> {
    report::start_log(cli.log.as_deref())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(format!("cannot start: {error}")))?;
    let exit = runtime.block_on(async {
        match cli.command {
            Command::Export(args) => export::run(&args).await,
            Command::Sample(args) => sample::run(&args),
            Command::Demo(args) => demo::run(&args).await,
        }
    });
    // Work that was left behind when a run ended early must not hold the end up.
    runtime.shutdown_background();
    exit
}
