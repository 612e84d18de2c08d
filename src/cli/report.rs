//! Events to lines: a live bar on a terminal, plain lines elsewhere, nothing with `--quiet`;
//! problems always.

use std::fmt::Display;
use std::io::{IsTerminal, Write, stderr, stdout};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::summary::{Event, Summary};

use super::error::Failure;

/// Between two plain lines.
const LINE_EVERY: Duration = Duration::from_secs(10);

const BAR: &str = "{spinner} {pos}/{len} objects  {msg}  {elapsed_precise}  {wide_bar} eta {eta}";

/// Writes a line to stderr; where nobody reads it there is nobody to tell.
pub(super) fn say(line: impl Display) {
    let _ = writeln!(stderr(), "{line}");
}

/// Writes a line to stdout; a closed pipe means that the reader has seen enough.
pub(super) fn print(line: impl Display) {
    let _ = writeln!(stdout(), "{line}");
}

/// Says why the program ends.
pub(super) fn failure(failure: &Failure) {
    say(format_args!("error: {}", escape(&failure.message)));
    if let Some(hint) = &failure.hint {
        say(format_args!("hint: {}", escape(hint)));
    }
}

/// Text from outside with nothing in it that a terminal would obey.
pub(super) fn escape(text: &str) -> String {
    let safe =
        |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(safe).collect()
}

/// Starts logging on stderr.
pub(super) fn start_log(filter: Option<&str>) -> Result<(), Failure> {
    use tracing_subscriber::filter::EnvFilter;
    let filter = filter.unwrap_or("warn,trailquet=info");
    let parsed = EnvFilter::try_new(filter).map_err(|error| {
        let message = format!("cannot use --log {filter:?}: {error}");
        Failure::usage(message, "use a level: error, warn, info, debug or trace")
    })?;
    let log = tracing_subscriber::fmt().with_env_filter(parsed).with_writer(stderr);
    // Started twice only within one process's tests.
    let _ = log.with_ansi(stderr().is_terminal()).with_target(false).try_init();
    Ok(())
}

/// Tells people how a run goes.
#[derive(Debug)]
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    lines: bool,
    began: Instant,
    last_line: Instant,
}

impl Progress {
    pub(super) fn new(quiet: bool) -> Self {
        let is_terminal = stderr().is_terminal();
        let now = Instant::now();
        let bar = (is_terminal && !quiet).then(|| {
            let target = ProgressDrawTarget::stderr_with_hz(8);
            let bar = ProgressBar::with_draw_target(Some(0), target);
            let style = ProgressStyle::with_template(BAR).expect("a template of ours");
            bar.set_style(style.progress_chars("=> "));
            bar.enable_steady_tick(Duration::from_millis(250));
            bar
        });
        Self { bar, lines: !is_terminal && !quiet, began: now, last_line: now }
    }

    /// Tells one event.
    pub(super) fn tell(&mut self, event: Event<'_>) {
        match event {
            Event::Progress(summary, settled) => self.progress(summary, settled),
            Event::Failed(object, why) => self.problem("failed", object, why),
            Event::Unavailable(object, why) => self.problem("unavailable", object, why),
        }
    }

    fn problem(&self, kind: &str, object: &str, why: &str) {
        let line = format!("{kind}: {}: {}", escape(object), escape(why));
        match &self.bar {
            Some(bar) => bar.println(line),
            None => say(line),
        }
    }

    fn progress(&mut self, summary: &Summary, settled: u64) {
        if let Some(bar) = &self.bar {
            bar.set_length(summary.objects.listed);
            bar.set_position(settled);
            bar.set_message(self.told(summary));
        } else if self.lines && self.last_line.elapsed() >= LINE_EVERY {
            self.last_line = Instant::now();
            say(format_args!(
                "{settled}/{} objects  {}",
                summary.objects.listed,
                self.told(summary)
            ));
        }
    }

    fn told(&self, summary: &Summary) -> String {
        let seconds = self.began.elapsed().as_secs_f64().max(0.001);
        let per_second = (summary.bytes.decompressed as f64 / seconds) as u64;
        let (text, rows) = (summary.bytes.decompressed, summary.rows.metrics);
        format!(
            "{} of JSON  {} rows  {}/s",
            HumanBytes(text),
            HumanCount(rows),
            HumanBytes(per_second)
        )
    }

    /// Clears the bar.
    pub(super) fn close(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

/// The summary for people.
pub(super) fn summary(summary: &Summary) {
    let Summary { objects, bytes, rows, requests, .. } = summary;
    let count = |number: u64| HumanCount(number).to_string();
    say(format_args!(
        "objects  {} listed: {} read, {} skipped, {} failed, {} unavailable, {} pending; {} other files ignored",
        count(objects.listed),
        count(objects.read),
        count(objects.skipped),
        count(objects.failed),
        count(objects.unavailable),
        count(objects.pending),
        count(objects.ignored),
    ));
    say(format_args!(
        "bytes    {} read, {} of JSON",
        HumanBytes(bytes.compressed),
        HumanBytes(bytes.decompressed)
    ));
    say(format_args!(
        "points   {} seen in {} calls: {} new rows, {} duplicates, {} rejected",
        count(summary.points.seen),
        count(summary.calls.seen),
        count(rows.metrics),
        count(rows.duplicates),
        count(summary.points.rejected),
    ));
    if rows.replaced + rows.rejects + summary.calls.rejected > 0 {
        say(format_args!(
            "         {} rows replaced by corrections or better copies, {} calls rejected, {} new rejects",
            count(rows.replaced),
            count(summary.calls.rejected),
            count(rows.rejects)
        ));
    }
    if objects.failed_before > 0 {
        say(format_args!(
            "         {} objects failed in an earlier run and were not tried again (--retry-failed)",
            count(objects.failed_before)
        ));
    }
    say(format_args!(
        "wrote    {} files in {:.1} s with {} LIST, {} GET, {} PUT",
        count(summary.files_written),
        summary.elapsed_seconds,
        count(requests.list),
        count(requests.get),
        count(requests.put)
    ));
}
