//! What the service says, as messages.

use goat::values::{Seq, UnixMicros};
use goat::wire::market;
use goat::wire::trading as wire;

use crate::core::controls::Controls;
use crate::core::cycles::{Cycle, PriceAnalysis};
use crate::core::gains::Gains;
use crate::parity::{Parity, State};
use crate::tables::{Shown, Table};
use crate::view::{Link, View};

pub(super) fn status(view: &View) -> wire::GetStatusResponse {
    let state = match view.feed.link {
        Link::Connecting => wire::feed_connection::State::Connecting,
        Link::CatchingUp => wire::feed_connection::State::CatchingUp,
        Link::Live => wire::feed_connection::State::Live,
        Link::Stale => wire::feed_connection::State::Stale,
    };
    let restart = view.restart.as_ref().map(|restart| wire::Restart {
        kind: match restart.cold_reason {
            None => wire::restart::Kind::Warm.into(),
            Some(_) => wire::restart::Kind::Cold.into(),
        },
        reason: restart.cold_reason.clone().unwrap_or_default(),
        from_seq: restart.from_seq.get(),
        events: restart.events,
    });
    wire::GetStatusResponse {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: None,
        log_id: view.log_id.clone(),
        cursor_seq: view.cursor.seq.get(),
        cursor_event_time: view.cursor.event_time().map(Into::into),
        state_hash: view.state.hash.clone(),
        state_seq: view.state.seq.get(),
        controls: Some((&view.controls).into()),
        caught_up: view.caught_up,
        catch_up_ms: view.catch_up_ms,
        restart,
        feed: Some(wire::FeedConnection {
            state: state.into(),
            reason: view.feed.reason.clone(),
            last_message_time: view.feed.last_message_time.map(Into::into),
            reconnects: view.feed.reconnects,
        }),
        mode: view.mode.into(),
        tables: Vec::new(),
        now: Some(UnixMicros::now().into()),
        parity: None,
    }
}

pub(super) fn table((table, shown, rows): (&Table, Shown, u32)) -> market::Table {
    let retention_hours = match shown {
        Shown::Always => 0,
        Shown::Hours { hours, .. } => hours,
    };
    market::Table { name: table.name.to_owned(), rows, retention_hours }
}

pub(super) fn closed_counts(view: &View) -> Vec<wire::ThresholdCount> {
    let count = |(threshold, closed): (&crate::core::cycles::Threshold, &crate::view::Closed)| {
        wire::ThresholdCount { threshold_percent: threshold.percent(), closed: closed.count }
    };
    view.closed.iter().map(count).collect()
}

pub(super) fn event(seq: Seq, event: wire::stream_trading_response::Event) -> wire::StreamTradingResponse {
    wire::StreamTradingResponse { seq: seq.get(), event: Some(event) }
}

pub(super) fn change(seq: Seq, cycle: &Cycle) -> wire::StreamTradingResponse {
    wire::StreamTradingResponse {
        seq: seq.get(),
        event: Some(wire::stream_trading_response::Event::Cycle(cycle.into())),
    }
}

impl From<&Controls> for wire::Controls {
    fn from(controls: &Controls) -> Self {
        let pause = controls.pause.as_ref();
        Self {
            paused: pause.is_some(),
            paused_since: pause.map(|pause| pause.since.into()),
            requested_by: pause.map(|pause| pause.requested_by.clone()).unwrap_or_default(),
            reason: pause.map(|pause| pause.reason.clone()).unwrap_or_default(),
        }
    }
}

impl From<&Cycle> for wire::Cycle {
    fn from(cycle: &Cycle) -> Self {
        Self {
            id: cycle.id.to_string(),
            threshold_percent: cycle.id.threshold.percent(),
            start_time: Some(cycle.start_time.into()),
            end_time: cycle.end.map(|end| end.time.into()),
            start_seq: cycle.id.start_seq.get(),
            start_price: cycle.start_price,
            highest_price: cycle.highest_price,
            lowest_price: cycle.lowest_price,
            max_percent_increase: cycle.max_percent_increase,
            max_percent_increase_from_lowest: cycle.max_percent_increase_from_lowest,
            data_points: cycle.data_points,
            active: cycle.is_active(),
            reset_price: cycle.reset_price(),
            longest_gap_ms: cycle.longest_gap_ms,
            end_seq: cycle.end.map(|end| end.seq.get()).unwrap_or_default(),
        }
    }
}

impl From<&PriceAnalysis> for wire::PriceAnalysis {
    fn from(analysis: &PriceAnalysis) -> Self {
        Self {
            seq: analysis.seq.get(),
            event_time: Some(analysis.event_time.into()),
            threshold_percent: analysis.cycle.threshold.percent(),
            cycle_id: analysis.cycle.to_string(),
            current_price: analysis.current_price,
            highest_price: analysis.highest_price,
            lowest_price: analysis.lowest_price,
            percent_increase: analysis.percent_increase,
            percent_from_highest: analysis.percent_from_highest,
            percent_increase_from_lowest: analysis.percent_increase_from_lowest,
        }
    }
}

impl From<&Gains> for wire::Gains {
    fn from(gains: &Gains) -> Self {
        Self {
            best_percent: Some(gains.best.percent),
            at_cycle_end_percent: gains.at_cycle_end.map(|gain| gain.percent),
            worst_percent: Some(gains.worst.percent),
            by_exit_percent: gains.by_exit_rule.map(|gain| gain.percent),
            best_after_costs_percent: Some(gains.best.after_costs_percent),
            at_cycle_end_after_costs_percent: gains.at_cycle_end.map(|gain| gain.after_costs_percent),
            by_exit_after_costs_percent: gains.by_exit_rule.map(|gain| gain.after_costs_percent),
        }
    }
}

/// A day that was compared.
pub(super) fn parity(parity: &Parity) -> wire::Parity {
    let state = match parity.state {
        State::Match => wire::parity::State::Match,
        State::Differ => wire::parity::State::Differ,
        State::NotPossible => wire::parity::State::NotPossible,
    };
    wire::Parity {
        day: parity.day.to_string(),
        state: state.into(),
        reason: parity.reason.clone(),
        after_seq: parity.after_seq.get(),
        to_seq: parity.to_seq.get(),
        events: parity.events,
        commands: parity.commands,
        decisions: parity.decisions,
        differences: parity.differences,
        first_difference: parity.first_difference.clone().unwrap_or_default(),
        duration_ms: parity.took.as_secs_f64() * 1000.0,
        checked_at: Some(parity.checked_at.into()),
    }
}
