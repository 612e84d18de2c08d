//! `trailquet export`.

use std::collections::BTreeSet;

use crate::budget::LIMIT_MIN;
use crate::pipeline::{self, End as Ended, Layout, Options, Outcome};
use crate::source::Wanted;
use crate::store::Store;
use crate::summary::Summary;
use crate::table::partition::Buckets;
use crate::trail::window::{FIRST_DAY, LAST_DAY, Range};

use super::Exit;
use super::args::{ExportArgs, LayoutArg, SelectionArgs};
use super::clock::now;
use super::error::Failure;
use super::open::{End, bytes, day, open};
use super::report::{self, Progress};

pub(super) async fn run(args: &ExportArgs) -> Result<Exit, Failure> {
    let options = options(args).await?;
    let mut progress = Progress::new(args.output.quiet);
    let outcome = export(options, &mut progress).await;
    progress.close();
    // A run that could not begin has an error to tell, and no numbers.
    let has_begun = outcome.summary.objects.listed > 0 || matches!(outcome.end, Ended::Done);
    if !args.output.quiet && has_begun {
        report::summary(&outcome.summary);
    }
    if args.output.json {
        report::print(serde_json::to_string(&outcome.summary).expect("plain numbers"));
    }
    match &outcome.end {
        Ended::Done => Ok(exit(&outcome, args.selection.skip_archived)),
        Ended::Interrupted => {
            report::say("interrupted: what is durable stays; run again to do the rest");
            Ok(Exit::Interrupted)
        }
        Ended::Failed(error) => Err(Failure::from(error)),
    }
}

/// Exports until done, or until a signal says stop.
pub(super) async fn export(options: Options, progress: &mut Progress) -> Outcome {
    pipeline::export(options, stopped(), &mut |event| progress.tell(event)).await
}

/// What is worth a look although everything went well.
fn exit(outcome: &Outcome, skip_archived: bool) -> Exit {
    let Summary { objects, rows, .. } = &outcome.summary;
    let let_go = if skip_archived { outcome.archived } else { 0 };
    let is_complete = objects.failed == 0 && objects.unavailable == let_go && rows.rejects == 0;
    if is_complete { Exit::Done } else { Exit::Incomplete }
}

/// Checks everything that can be checked before anything is touched.
async fn options(args: &ExportArgs) -> Result<Options, Failure> {
    let ExportArgs { source, target, selection, s3, limits, output: _ } = args;
    let now = now();
    let window = window(selection, now)?;
    let memory_limit = bytes("--memory-limit", &limits.memory_limit)?;
    if memory_limit < LIMIT_MIN {
        let message = format!("cannot use --memory-limit {}: it is too small", limits.memory_limit);
        return Err(Failure::usage(message, "use at least 32MiB"));
    }
    let source = open(source, End::Source, s3).await?;
    let target = open(target, End::Target, s3).await?;
    check_apart(&*source, &*target)?;
    let temp_dir = limits.temp_dir.clone().unwrap_or_else(std::env::temp_dir);
    if !temp_dir.is_dir() {
        let message = format!("cannot use --temp-dir {}: it is not a folder", temp_dir.display());
        return Err(Failure::usage(message, "make it, or name another one"));
    }
    Ok(Options {
        layout: match selection.layout {
            LayoutArg::Tree => Layout::Tree,
            LayoutArg::Flat => Layout::Flat,
        },
        window,
        wanted: Wanted {
            accounts: selection.account.iter().cloned().collect::<BTreeSet<_>>(),
            regions: selection.region.iter().cloned().collect::<BTreeSet<_>>(),
        },
        lookback_days: selection.lookback_days,
        relist: selection.relist,
        retry_failed: selection.retry_failed,
        multi_member: selection.allow_multi_member,
        memory_limit,
        temp_dir,
        requests_in_flight: limits.requests_in_flight as usize,
        buckets: limits.buckets.and_then(Buckets::new),
        ..Options::new(source, target, now)
    })
}

fn window(selection: &SelectionArgs, now: chrono::DateTime<chrono::Utc>) -> Result<Range, Failure> {
    let of = |flag, text: &Option<String>, default| match text {
        Some(text) => day(flag, text, now),
        None => Ok(default),
    };
    let from = of("--from", &selection.from, FIRST_DAY)?;
    let to = of("--to", &selection.to, LAST_DAY)?;
    if from > to {
        let message = format!("cannot use --from {from} with --to {to}: it comes later");
        return Err(Failure::usage(message, "both days are included; swap them"));
    }
    Ok((from, to))
}

/// A target inside the trail's own folders would be listed with them.
fn check_apart(source: &dyn Store, target: &dyn Store) -> Result<(), Failure> {
    let inside = format!("{}/", source.name("AWSLogs"));
    if source.endpoint() == target.endpoint()
        && format!("{}/", target.location()).starts_with(&inside)
    {
        let message = format!("cannot write to {}: it lies inside the trail", target.location());
        return Err(Failure::usage(message, "choose a --target beside AWSLogs/, or elsewhere"));
    }
    Ok(())
}

/// Completes when the process is told to stop.
async fn stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).ok();
    let terminated = async {
        match &mut terminate {
            Some(signal) => drop(signal.recv().await),
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => {
            if interrupted.is_err() {
                std::future::pending::<()>().await;
            }
        }
        () = terminated => {}
    }
}
