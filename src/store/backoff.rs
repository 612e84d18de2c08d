//! Trying again: bounded by time, spread by jitter.

use std::time::Duration;

use tokio::time::Instant;

use super::{Cause, Error};

/// Whatever is tried again is given up this long after its first failure.
pub const RETRY_TIME_MAX: Duration = Duration::from_secs(120);

/// Reads of log objects are given up this long after the first failure, on top of what the store's
/// client tries by itself.
pub const READ_RETRY_TIME_MAX: Duration = Duration::from_secs(15);

const FIRST_WAIT_MILLIS: u64 = 20;
const WAIT_MILLIS_MAX: u64 = 5_000;

/// How long one piece of work has been failing.
#[derive(Debug, Default)]
pub struct Backoff {
    first_failure: Option<Instant>,
    failures: u32,
}

impl Backoff {
    /// Waits a little, twice as long each time, before another attempt.
    ///
    /// # Errors
    /// `error` itself where another attempt is pointless or the time is up.
    pub async fn wait(&mut self, error: Error) -> Result<(), Error> {
        self.wait_within(RETRY_TIME_MAX, error).await
    }

    /// Like [`Self::wait`], for one of many reads: it is given up sooner, since the next run tries
    /// it again and the others must not wait for it.
    ///
    /// # Errors
    /// As [`Self::wait`].
    pub async fn wait_briefly(&mut self, error: Error) -> Result<(), Error> {
        self.wait_within(READ_RETRY_TIME_MAX, error).await
    }

    async fn wait_within(&mut self, limit: Duration, error: Error) -> Result<(), Error> {
        let first = *self.first_failure.get_or_insert_with(Instant::now);
        if !error.cause.passes() || first.elapsed() >= limit {
            return Err(error);
        }
        let longest = (FIRST_WAIT_MILLIS << self.failures.min(10)).min(WAIT_MILLIS_MAX);
        self.failures += 1;
        // A lost race is news of its own, told where it was lost.
        if error.cause != Cause::Conflict {
            tracing::info!(attempt = self.failures, "trying again: {error}");
        }
        tokio::time::sleep(Duration::from_millis(fastrand::u64(1..=longest))).await;
        Ok(())
    }
}
