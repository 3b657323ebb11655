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
use crate::core::Engine;
use crate::core::command::{Command, Order};

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
    let fastest = (0..RUNS).map(|_| fold(setup, after_seq, &events)).min().unwrap_or_default();
    let seconds = fastest.as_secs_f64().max(f64::MIN_POSITIVE);
    let number = u32::try_from(events.len()).map_or(f64::INFINITY, f64::from);
    Ok(format!(
        "{} prices and trades folded with {} plays in {seconds:.3} s on one core: {:.0} events/s, {:.0} ns each\n",
        events.len(),
        setup.plays.len(),
        number / seconds,
        seconds * 1e9 / number
    ))
}

fn fold(setup: &Setup, after_seq: Seq, events: &[(Seq, Observation)]) -> Duration {
    let mut engine = Engine::new(setup.plan.clone(), after_seq);
    let mut effects = Vec::new();
    for (ordinal, play) in (1..).zip(&setup.plays) {
        let order = Order::SavePlay(Box::new(play.clone()));
        let time = goat::values::UnixMicros::default();
        engine.command(&Command { ordinal, after_seq, time, order }, &mut effects);
    }
    let began = Instant::now();
    for (seq, observation) in events {
        engine.handle(*seq, observation, &mut effects);
        black_box(&effects);
        effects.clear();
    }
    began.elapsed()
}
