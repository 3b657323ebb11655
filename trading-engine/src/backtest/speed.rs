//! How fast the fold is, alone: events are decoded before the clock starts.

use std::hint::black_box;
use std::time::{Duration, Instant};

use goat::event::Observation;
use goat::service::Failure;
use goat::settings::Settings;
use goat::values::Seq;
use goat::wire::market::EventKind;
use tokio::sync::mpsc;

use super::replay::Setup;
use super::source::{Source, Span};
use crate::core::command::Command;
use crate::core::desk::{Limits, Report};
use crate::core::{Effect, Engine};

/// The fold is measured this often, each time from the beginning; the fastest counts.
const RUNS: u32 = 3;

/// Folds the prices and trades of a span and says how fast that was.
pub(super) async fn measure(settings: &Settings, span: &Span, setup: &Setup) -> Result<String, Failure> {
    let source = Source::open(settings, span, &[EventKind::Price, EventKind::Trade]).await?;
    let after_seq = source.origin.after_seq;
    let (queue, mut batches) = mpsc::channel(8);
    let reading = async {
        let read = source.read(&queue).await;
        drop(queue);
        read
    };
    let gathering = async {
        let mut events = Vec::new();
        while let Some(batch) = batches.recv().await {
            events.extend(batch.events.into_iter().filter_map(|(seq, observed)| Some((seq, observed.ok()?))));
        }
        events
    };
    let (read, events) = tokio::join!(reading, gathering);
    read?;
    let mut fastest = fold(setup, after_seq, &events);
    for _ in 1..RUNS {
        let again = fold(setup, after_seq, &events);
        if again.took < fastest.took {
            fastest = again;
        }
    }
    let seconds = fastest.took.as_secs_f64().max(f64::MIN_POSITIVE);
    let number = u32::try_from(events.len()).map_or(f64::INFINITY, f64::from);
    Ok(format!(
        "{} prices and trades folded with {} plays in {seconds:.3} s{}: {:.0} events/s, {:.0} ns each; \
         {} decisions, {} positions entered\n",
        events.len(),
        setup.plays.len(),
        if fastest.is_cpu { " of one core" } else { " by the clock" },
        number / seconds,
        seconds * 1e9 / number,
        fastest.decisions,
        fastest.entered,
    ))
}

/// One fold from the beginning to the end.
struct Fold {
    took: Duration,
    /// Processor time, which others that use the machine do not lengthen; else that of the clock.
    is_cpu: bool,
    decisions: u64,
    entered: u64,
}

fn fold(setup: &Setup, after_seq: Seq, events: &[(Seq, Observation)]) -> Fold {
    let mut engine = Engine::new(setup.plan.clone(), after_seq);
    let mut effects = Vec::new();
    for (ordinal, order) in (1..).zip(setup.orders(&Limits::default())) {
        let time = goat::values::UnixMicros::default();
        engine.command(&Command { ordinal, after_seq, time, order }, &mut effects);
    }
    let (mut decisions, mut entered) = (0, 0);
    let (began, used) = (Instant::now(), cpu_time());
    for (seq, observation) in events {
        engine.handle(*seq, observation, &mut effects);
        for effect in black_box(&mut effects).drain(..) {
            if let Effect::Desk(Report::Decision(decision)) = effect {
                decisions += 1;
                entered += u64::from(decision.enters());
            }
        }
    }
    let cpu = cpu_time().zip(used).map(|(after, before)| after.saturating_sub(before));
    Fold { took: cpu.unwrap_or_else(|| began.elapsed()), is_cpu: cpu.is_some(), decisions, entered }
}

/// What this thread has used of a processor, as Linux counts it.
fn cpu_time() -> Option<Duration> {
    let counted = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(counted.split(' ').next()?.parse().ok()?))
}
