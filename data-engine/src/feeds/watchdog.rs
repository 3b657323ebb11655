//! Looks at the clock, so that silence is noticed.

use std::time::Duration;

use goat::service::{Failure, Stop};
use tokio::time::{MissedTickBehavior, interval};

use crate::ingest::{Ingest, Refused};

/// Between two looks; what is stale is said so this much later at most.
const TICK: Duration = Duration::from_millis(250);

/// Has the sequencer look at the clock until stopped: it owns the machines, so that what they say stands in the log
/// where it belongs.
///
/// # Errors
///
/// None at present.
pub async fn run(ingest: Ingest, stop: Stop) -> Result<(), Failure> {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            _ = ticks.tick() => {}
        }
        // While the log cannot be written, what is stale shows on the board, and is recorded once it can.
        if ingest.look_at_the_clock().await == Err(Refused::Stopping) {
            return Ok(());
        }
    }
}
