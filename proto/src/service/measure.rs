//! What a service counts and measures: one table each, from which Prometheus gets its help and its zeros.

use metrics::{Label, SharedString};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use super::admission::{self, body};
use super::entrance;
use super::tls::reload::RELOADS;
use crate::access::FAILURES;

/// Upper bounds of histograms in seconds.
const SECONDS: [f64; 15] =
    [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Upper bounds of histograms of counts.
const COUNTS: [f64; 9] = [1.0, 2.0, 5.0, 10.0, 50.0, 100.0, 500.0, 1_000.0, 10_000.0];

/// How a number moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Up only.
    Counter,
    /// Up and down.
    Gauge,
    /// Many numbers, counted by size.
    Histogram,
}

/// One number that a service shows.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// `goat_…`, its unit last: `_seconds`, `_bytes`, `_total` for counters.
    pub name: &'static str,
    /// How it moves.
    pub kind: Kind,
    /// What it says.
    pub help: &'static str,
    /// Its labels, each with the values that are known beforehand: those are shown as zero from the start.
    pub labels: &'static [(&'static str, &'static [&'static str])],
}

impl Metric {
    /// A counter without labels.
    #[must_use]
    pub const fn counter(name: &'static str, help: &'static str) -> Self {
        Self { name, kind: Kind::Counter, help, labels: &[] }
    }

    /// A gauge without labels.
    #[must_use]
    pub const fn gauge(name: &'static str, help: &'static str) -> Self {
        Self { name, kind: Kind::Gauge, help, labels: &[] }
    }

    /// A histogram without labels.
    #[must_use]
    pub const fn histogram(name: &'static str, help: &'static str) -> Self {
        Self { name, kind: Kind::Histogram, help, labels: &[] }
    }

    /// The same with labels.
    #[must_use]
    pub const fn by(self, labels: &'static [(&'static str, &'static [&'static str])]) -> Self {
        Self { labels, ..self }
    }

    /// Every combination of the values that are known beforehand; one empty combination without labels.
    fn combinations(&self) -> Vec<Vec<Label>> {
        self.labels.iter().fold(vec![Vec::new()], |combinations, (name, values)| {
            let extended = |combination: &Vec<Label>| {
                let with = |value: &&'static str| {
                    let mut longer = combination.clone();
                    longer.push(Label::new(*name, *value));
                    longer
                };
                values.iter().map(with).collect::<Vec<_>>()
            };
            combinations.iter().flat_map(extended).collect()
        })
    }

    fn describe(&self) {
        let help = SharedString::const_str(self.help);
        match self.kind {
            Kind::Counter => metrics::describe_counter!(self.name, help),
            Kind::Gauge => metrics::describe_gauge!(self.name, help),
            Kind::Histogram => metrics::describe_histogram!(self.name, help),
        }
        for labels in self.combinations() {
            match self.kind {
                Kind::Counter => metrics::counter!(self.name, labels).increment(0),
                Kind::Gauge => metrics::gauge!(self.name, labels).increment(0.0),
                Kind::Histogram => drop(metrics::histogram!(self.name, labels)),
            }
        }
    }
}

const SERVERS: &[&str] = &["data-engine", "trading-engine", "gateway", "admin"];

/// What is counted where others come in, by every service beside its own table. Zero where a service has none of it.
pub const ENTRANCE: &[Metric] = &[
    Metric::gauge(entrance::OPEN, "connections that are being served, by server").by(&[("server", SERVERS)]),
    Metric::counter(entrance::REFUSED, "connections above limits.connections_max, by server")
        .by(&[("server", SERVERS)]),
    Metric::counter(FAILURES, "calls without a token or with one that nobody knows, by reason")
        .by(&[("reason", &["missing", "unknown"])]),
    Metric::counter(RELOADS, "times that the files of certificates had changed, by outcome")
        .by(&[("outcome", &["taken", "refused"])]),
    Metric::counter(admission::REFUSED, "calls that were not let in, by code")
        .by(&[("code", &["Unauthenticated", "PermissionDenied", "ResourceExhausted"])]),
    Metric::gauge(body::OPEN, "streams that an engine is sending"),
];

/// Collects what this process measures from now on, and shows everything in `table` and in [`ENTRANCE`].
///
/// # Errors
///
/// When something is collected already.
pub(super) fn collect(table: &[Metric]) -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .set_buckets(&COUNTS)?
        .install_recorder()?;
    table.iter().chain(ENTRANCE).for_each(Metric::describe);
    Ok(handle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_combined_and_an_unknown_value_shows_nothing_beforehand() {
        let metric = Metric::counter("goat_x_total", "x");
        assert_eq!(metric.combinations().len(), 1);
        assert_eq!(
            metric.by(&[("feed", &["a", "b"]), ("outcome", &["x", "y", "z"])]).combinations().len(),
            6
        );
        assert_eq!(metric.by(&[("route", &[])]).combinations().len(), 0);
    }
}
