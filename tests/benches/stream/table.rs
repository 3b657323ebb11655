//! The table that is printed while it grows.

use std::future::Future;
use std::time::{Duration, Instant};

use crate::process;

/// Rows of figure, target, measured value and the processor time that it took.
#[derive(Debug)]
pub(crate) struct Table {
    cpu_before: Duration,
}

impl Table {
    pub(crate) fn begin(events: u64) -> Self {
        println!(
            "{events} events; processor time is that of the whole process, writer and readers included\n"
        );
        println!("{:<52} {:>12} {:>28} {:>8}", "figure", "target", "measured", "CPU s");
        println!("{}", "-".repeat(103));
        Self { cpu_before: process::cpu_time() }
    }

    pub(crate) fn row(&mut self, figure: &str, target: &str, measured: &str) {
        let cpu = process::cpu_time();
        let used = cpu.saturating_sub(self.cpu_before).as_secs_f64();
        self.cpu_before = cpu;
        println!("{figure:<52} {target:>12} {measured:>28} {used:>8.2}");
    }
}

/// What all of it took.
pub(crate) fn total() -> String {
    format!("processor time in all: {:.1} s", process::cpu_time().as_secs_f64())
}

/// Awaits something and says how long it took.
pub(crate) async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let began = Instant::now();
    let outcome = work.await;
    (outcome, began.elapsed())
}

/// So many in that time, as text for a person.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub(crate) fn rate(count: u64, took: Duration) -> String {
    let digits = ((count as f64 / took.as_secs_f64()) as u64).to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    format!("{text}/s")
}
