//! What a back-test found, as text and as JSON.

use std::fmt::Write;
use std::time::Duration;

use goat::service::Failure;
use goat::values::Seq;
use serde_json::{Value, json};

use super::record::Record;
use super::replay::Replay;
use super::source::Origin;
use crate::core::Engine;
use crate::core::decision::Decision;
use crate::core::money::Usd;
use crate::core::play::{Play, PlayId};
use crate::core::position::{Position, Stage};
use crate::core::results::{Period, Results, TRADES_MINIMUM};
use crate::snapshot;

/// A back-test at its end.
#[derive(Debug)]
pub struct Report<'a> {
    /// What was read.
    pub origin: &'a Origin,
    /// What was remembered.
    pub record: &'a Record,
    /// The state that was reached.
    pub engine: &'a Engine,
    /// Its hash: the same events and plays lead to the same.
    pub state_hash: String,
    /// Of the account.
    pub account: Results,
    /// Of each play.
    pub plays: Vec<(&'a Play, Results)>,
}

impl<'a> Report<'a> {
    /// The report of an engine that has read everything.
    ///
    /// # Errors
    ///
    /// When its state cannot be encoded.
    pub fn of(origin: &'a Origin, replay: &'a Replay) -> Result<Self, Failure> {
        let (record, engine) = (&replay.record, replay.engine());
        let state_hash =
            snapshot::state_hash(engine).map_err(|error| Failure::Internal(error.to_string()))?;
        let results = |id: &PlayId| record.results(Some(id), engine);
        let plays = record.plays.values().map(|play| (play, results(&play.id))).collect();
        let account = record.results(None, engine);
        Ok(Self { origin, record, engine, state_hash, account, plays })
    }

    /// The positions from which to which it read.
    #[must_use]
    pub fn range(&self) -> (Seq, Seq) {
        (Seq::new(self.origin.after_seq.get() + 1), self.engine.cursor().seq)
    }

    /// As a table for people.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = self.heading();
        let mut columns = vec![("account".to_owned(), &self.account)];
        columns.extend(self.plays.iter().map(|(play, results)| (version(play), results)));
        let rows = columns.iter().map(|(_, results)| figures(results)).collect::<Vec<_>>();
        let names = rows.first().map(|row| row.iter().map(|(name, _)| *name).collect::<Vec<_>>());
        let _ = write!(text, "\n{:<22}", "");
        for (name, _) in &columns {
            let _ = write!(text, "{name:>26}");
        }
        for (place, name) in names.unwrap_or_default().into_iter().enumerate() {
            let _ = write!(text, "\n{name:<22}");
            for row in &rows {
                let value = row.get(place).map_or("", |(_, value)| value.as_str());
                let _ = write!(text, "{value:>26}");
            }
        }
        text.push_str("\n\n");
        for (play, _) in &self.plays {
            let _ = writeln!(text, "{}: {}", version(play), self.funnel(&play.id));
        }
        text
    }

    /// What was read, in a few lines.
    #[must_use]
    pub fn heading(&self) -> String {
        let ((first, last), counts) = (self.range(), self.record.counts);
        let Period { from, until, .. } = self.record.period();
        let mut text = format!(
            "log {} ({}), positions {first} to {last}, {from} to {until}\n{} events: {} prices, {} books, {} trades\n\
             state {}\n",
            self.origin.log_id,
            self.origin.mode.as_str_name(),
            counts.events,
            counts.prices,
            counts.books,
            counts.trades,
            self.state_hash
        );
        if let Some(begins) = self.origin.begins_late {
            let _ =
                writeln!(text, "the log begins at {begins}, later than --from: the back-test begins there");
        }
        text
    }

    /// How the candidates of a play ended, in one line.
    #[must_use]
    pub fn funnel(&self, play: &PlayId) -> String {
        let of_play = self.record.funnel.iter().filter(|((id, _), _)| id == play);
        let parts: Vec<String> = of_play
            .map(|((_, gate), count)| format!("{} {count}", gate.map_or("entered", |gate| gate.as_str())))
            .collect();
        if parts.is_empty() { "no candidates".to_owned() } else { parts.join(", ") }
    }

    /// As a document: everything that the page shows.
    #[must_use]
    pub fn json(&self) -> Value {
        let ((first, last), counts) = (self.range(), self.record.counts);
        let Period { from, until, .. } = self.record.period();
        let plays: Vec<Value> = self
            .plays
            .iter()
            .map(|(play, results)| {
                let funnel = self.record.funnel.iter().filter(|((id, _), _)| *id == play.id);
                let funnel: serde_json::Map<String, Value> = funnel
                    .map(|((_, gate), count)| {
                        (gate.map_or("entered", |gate| gate.as_str()).to_owned(), json!(count))
                    })
                    .collect();
                json!({
                    "id": play.id.as_str(), "version": play.version, "name": play.name,
                    "results": results_json(results), "candidates": funnel,
                })
            })
            .collect();
        json!({
            "log_id": self.origin.log_id,
            "mode": self.origin.mode.as_str_name(),
            "engine_version": env!("CARGO_PKG_VERSION"),
            "first_seq": first.get(), "last_seq": last.get(),
            "from": from.to_string(), "until": until.to_string(),
            "log_begins_late": self.origin.begins_late.map(|time| time.to_string()),
            "events": {
                "all": counts.events, "prices": counts.prices, "books": counts.books, "trades": counts.trades,
            },
            "state_hash": self.state_hash,
            "trades_minimum": TRADES_MINIMUM,
            "account": results_json(&self.account),
            "plays": plays,
            "positions": self.record.positions.values().map(position).collect::<Vec<_>>(),
            "decisions": self.record.followed.values().map(decision).collect::<Vec<_>>(),
        })
    }
}

fn decision(decision: &Decision) -> Value {
    json!({
        "id": decision.id.to_string(), "play_id": decision.id.play.as_str(),
        "play_version": decision.play_version, "time": decision.time.to_string(),
        "wallet_address": decision.trade.wallet,
        "verdict": if decision.enters() { "enter" } else { "reject" },
        "gate": decision.failed().map(|failed| failed.gate.as_str()),
        "explanation": decision.explanation(),
    })
}

fn version(play: &Play) -> String {
    format!("{} v{}", play.id, play.version)
}

/// The figures as they are shown, by name. What cannot be said is said to be so.
#[must_use]
pub(super) fn figures(results: &Results) -> Vec<(&'static str, String)> {
    let too_small = || format!("n too small (< {TRADES_MINIMUM})");
    let ratio = |value: Option<String>| match value {
        Some(value) => value,
        None if results.is_too_small() => too_small(),
        None => "—".to_owned(),
    };
    let percent = |value: Option<f64>| value.map(|value| format!("{value:.3} %"));
    let usd = |value: Usd| format!("{:.2}", value.to_f64());
    let plain = |value: Option<String>| value.unwrap_or_else(|| "—".to_owned());
    let win_rate = results.win_rate.zip(results.win_rate_interval).map(|(rate, interval)| {
        let (low, high) = (interval.low * 100.0, interval.high * 100.0);
        format!("{:.1} % ({low:.1}–{high:.1})", rate * 100.0)
    });
    let against = results.profit_percent.zip(results.buy_and_hold_percent).map(|(ours, held)| ours - held);
    let drawdown = results.drawdown.map(|fall| {
        let open = if fall.recovered { "" } else { "+" };
        format!("{:.2} ({:.3} %, {}{open})", fall.usd.to_f64(), fall.percent, span(fall.length()))
    });
    let excursion = results.mean_worst_percent.zip(results.mean_best_percent);
    vec![
        ("trades", results.trades.to_string()),
        ("wins / losses", format!("{} / {}", results.wins, results.losses)),
        ("win rate (95 %)", ratio(win_rate)),
        ("profit USD", usd(results.profit())),
        ("profit", plain(percent(results.profit_percent))),
        ("of it unrealised USD", usd(results.unrealized)),
        ("fees USD", usd(results.fees)),
        ("profit factor", ratio(results.profit_factor.map(|value| format!("{value:.3}")))),
        ("expectancy USD", ratio(results.expectancy_usd.map(|value| format!("{value:.4}")))),
        ("mean return", ratio(percent(results.mean_return_percent))),
        ("max drawdown USD", plain(drawdown)),
        ("average hold", plain(results.average_hold.map(span))),
        ("exposure", plain(percent(results.exposure_percent))),
        ("mean MAE / MFE", ratio(excursion.map(|(worst, best)| format!("{worst:.3} / {best:.3} %")))),
        (
            "best / worst USD",
            plain(
                results
                    .best
                    .zip(results.worst)
                    .map(|(best, worst)| format!("{} / {}", usd(best), usd(worst))),
            ),
        ),
        ("streak won / lost", format!("{} / {}", results.streak_wins, results.streak_losses)),
        (
            "Sharpe / Sortino",
            match (results.sharpe, results.sortino) {
                (None, None) => "too few days".to_owned(),
                (sharpe, sortino) => {
                    let shown = |value: Option<f64>| plain(value.map(|value| format!("{value:.2}")));
                    format!("{} / {}", shown(sharpe), shown(sortino))
                }
            },
        ),
        ("buy and hold", plain(percent(results.buy_and_hold_percent))),
        ("against it", plain(percent(against))),
    ]
}

fn span(length: Duration) -> String {
    let seconds = length.as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        _ => format!("{:.1} h", length.as_secs_f64() / 3600.0),
    }
}

/// The figures by name; null where nothing can be said.
pub(crate) fn results_json(results: &Results) -> Value {
    let drawdown = results.drawdown.map(|fall| {
        json!({
            "usd": fall.usd.to_f64(), "percent": fall.percent, "from": fall.from.to_string(),
            "until": fall.until.to_string(), "seconds": fall.length().as_secs_f64(),
            "recovered": fall.recovered,
        })
    });
    json!({
        "trades": results.trades, "wins": results.wins, "losses": results.losses,
        "n_too_small": results.is_too_small(),
        "win_rate": results.win_rate,
        "win_rate_low": results.win_rate_interval.map(|interval| interval.low),
        "win_rate_high": results.win_rate_interval.map(|interval| interval.high),
        "start_usd": results.start.to_f64(), "equity_usd": results.equity().to_f64(),
        "realised_usd": results.realized.to_f64(), "unrealised_usd": results.unrealized.to_f64(),
        "fees_usd": results.fees.to_f64(), "profit_usd": results.profit().to_f64(),
        "profit_percent": results.profit_percent, "profit_factor": results.profit_factor,
        "expectancy_usd": results.expectancy_usd, "mean_return_percent": results.mean_return_percent,
        "sharpe": results.sharpe, "sortino": results.sortino, "max_drawdown": drawdown,
        "average_hold_seconds": results.average_hold.map(|hold| hold.as_secs_f64()),
        "exposure_percent": results.exposure_percent,
        "mean_worst_percent": results.mean_worst_percent, "mean_best_percent": results.mean_best_percent,
        "best_usd": results.best.map(Usd::to_f64), "worst_usd": results.worst.map(Usd::to_f64),
        "open": results.open, "streak": results.streak, "streak_wins": results.streak_wins, "streak_losses": results.streak_losses,
        "buy_and_hold_percent": results.buy_and_hold_percent,
    })
}

fn position(position: &Position) -> Value {
    let reason = match &position.stage {
        Stage::Closing { reason, .. } | Stage::Closed { reason, .. } => Some(reason.as_str().to_owned()),
        Stage::Missed(why) => Some(why.clone()),
        Stage::Opening(_) | Stage::Open => None,
    };
    let excursion = position.excursion;
    json!({
        "id": position.id.to_string(), "play_id": position.id.play.as_str(),
        "status": position.stage.as_str(), "exit_reason": reason,
        "wallet_address": position.wallet, "trade_signature": position.signature,
        "decided_at": position.decided_at.to_string(),
        "opened_at": position.opened_at().map(|time| time.to_string()),
        "closed_at": position.closed_at().map(|time| time.to_string()),
        "entry_price": position.entry.as_ref().map(|fill| fill.average_price),
        "exit_price": position.exit.as_ref().map(|fill| fill.average_price),
        "profit_usd": position.profit().map(Usd::to_f64),
        "fees_usd": position.fees().map(Usd::to_f64),
        "worst_percent": excursion.map(|one| one.worst_percent),
        "best_percent": excursion.map(|one| one.best_percent),
    })
}
