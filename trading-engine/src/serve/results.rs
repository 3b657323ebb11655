//! What came of the account, of plays, of wallets and of paper strategies, over the windows.

use std::collections::BTreeMap;
use std::time::Duration;

use goat::error::{Kind, internal};
use goat::values::{InvalidValue, UnixMicros};
use goat::wire::market::Mode;
use goat::wire::trading as wire;
use tonic::Status;

use super::Trading;
use super::positions::Condition;
use super::strategies::is_late;
use crate::core::money::Usd;
use crate::core::results::{Entered, History, Period, Quote, Results, Window};
use crate::core::strategies::ClosedTrade;

/// Everything that results follow from, in both ledgers.
struct Told {
    subject: String,
    start: Usd,
    /// With whether entry or exit came late.
    trades: Vec<(Entered, bool)>,
    quotes: Vec<Quote>,
    newest: Option<Quote>,
    benchmark: String,
}

impl Told {
    fn windows(&self, as_of: UnixMicros) -> Result<Vec<wire::WindowResults>, InvalidValue> {
        let all: Vec<Entered> = self.trades.iter().map(|(trade, _)| *trade).collect();
        let on_time: Vec<Entered> =
            self.trades.iter().filter(|(_, late)| !late).map(|(trade, _)| *trade).collect();
        let history =
            |trades| History { start: self.start, trades, quotes: &self.quotes, newest: self.newest };
        let window = |window| of_window(window, as_of, &history(&all), &history(&on_time));
        Window::EVERY.into_iter().map(window).collect()
    }
}

impl Trading {
    pub(super) async fn results(
        &self,
        request: wire::GetResultsRequest,
    ) -> Result<wire::GetResultsResponse, Status> {
        let wire::GetResultsRequest { play_id, strategy, wallet_address } = request;
        let (seq, mode) = {
            let view = self.view.read();
            (view.cursor.seq, view.mode)
        };
        let told = match (play_id.as_str(), strategy.as_str(), wallet_address.as_str()) {
            (play, "", "") => self.of_positions(play, "").await?,
            ("", "", wallet) => self.of_positions("", wallet).await?,
            ("", name, "") => self.of_strategy(name).await?,
            _ => {
                let problem = "name one of play_id, strategy and wallet_address, or none of them";
                return Err(Kind::Invalid.status(problem.to_owned()));
            }
        };
        let as_of = told.newest.map_or_else(|| self.now(), |newest| newest.time);
        let (subject, benchmark) = (told.subject.clone(), told.benchmark.clone());
        // Many trades take a while.
        let computed = tokio::task::spawn_blocking(move || told.windows(as_of)).await;
        let windows = computed.map_err(|error| internal("computing results", &error))?;
        Ok(wire::GetResultsResponse {
            windows: windows.map_err(|error| internal("computing results", &error))?,
            subject,
            as_of: Some(as_of.into()),
            seq: seq.get(),
            simulated: mode == Mode::Simulated,
            benchmark,
        })
    }

    /// Of a play, of a wallet that was followed, or of the account when neither is named.
    async fn of_positions(&self, play: &str, wallet: &str) -> Result<Told, Status> {
        let mut condition = Condition::default();
        let mut subject = "account".to_owned();
        if !play.is_empty() {
            subject = format!("play:{}", self.play(play)?.id.as_str());
            condition.and("play_id = ?", play.to_owned());
        }
        if !wallet.is_empty() {
            subject = format!("wallet:{wallet}");
            condition.and("wallet_address = ?", wallet.to_owned());
        }
        // What was never filled has no time.
        condition.and("opened_at >= make_timestamp(?)", 0_i64);
        let reading = |error| internal("reading the workspace", &error);
        let asked = self.readers.entered(condition.text("ORDER BY decided_seq, id"), condition.parameters);
        let mut entered = asked.await.map_err(reading)?;
        if !wallet.is_empty() && entered.is_empty() {
            return Err(Kind::NotFound.status(format!("no play has followed the wallet {wallet:?}")));
        }
        let (desk, price) = {
            let view = self.view.read();
            (view.desk.clone(), view.price)
        };
        // The tables have a position as it was when it last changed its stage.
        let live: BTreeMap<String, Entered> = desk
            .positions
            .values()
            .filter_map(|position| Some((position.id.to_string(), Entered::of(position)?)))
            .collect();
        for (id, one) in &mut entered {
            if let Some(live) = live.get(id) {
                *one = *live;
            }
        }
        let late = self.readers.late_positions().await.map_err(reading)?;
        let quotes = self.readers.price_marks().await.map_err(reading)?;
        Ok(Told {
            subject,
            start: desk.account.as_ref().map_or(Usd::ZERO, crate::core::account::Account::start),
            trades: entered.into_iter().map(|(id, one)| (one, late.contains(&id))).collect(),
            quotes,
            newest: price.map(|quote| Quote { time: quote.known_at, price: quote.price }),
            benchmark: self.token.to_string(),
        })
    }

    async fn of_strategy(&self, name: &str) -> Result<Told, Status> {
        let instance = self.instance(name)?;
        let trades: Vec<ClosedTrade> =
            self.records("WHERE instance = ? ORDER BY number", vec![Box::new(name.to_owned())]).await?;
        let late = self.late_fills().await?;
        let reading = |error| internal("reading strategy_equity", &error);
        let quotes = self.readers.closes(name.to_owned()).await.map_err(reading)?;
        let mut entered: Vec<(Entered, bool)> =
            trades.iter().map(|trade| (Entered::of_trade(trade), is_late(trade, &late))).collect();
        let mut price = instance.last().map(|last| last.close);
        if let Some(holding) = instance.holding() {
            let came_late = late.contains(&(name.to_owned(), holding.key.seq.get()));
            entered.push((Entered::of_holding(holding), came_late));
            let held = instance.account().positions().get(&holding.key);
            price = held.map(crate::core::account::OpenPosition::mark_price);
        }
        let now = self.now();
        Ok(Told {
            subject: format!("strategy:{name}"),
            start: instance.account().start(),
            trades: entered,
            quotes,
            newest: price.map(|price| Quote { time: now, price }),
            benchmark: instance.plan().symbol.to_string(),
        })
    }
}

fn of_window(
    window: Window,
    as_of: UnixMicros,
    always_on: &History<'_>,
    on_time: &History<'_>,
) -> Result<wire::WindowResults, InvalidValue> {
    let from = window
        .hours()
        .map_or_else(UnixMicros::default, |hours| as_of.minus(Duration::from_secs(u64::from(hours) * 3600)));
    let (period, all) = always_on.results(from)?;
    let is_any_late = on_time.trades.len() < always_on.trades.len();
    let punctual = if is_any_late { on_time.results(from)?.1 } else { all.clone() };
    let Period { from: begins, until, .. } = period;
    Ok(wire::WindowResults {
        window: window.as_str().to_owned(),
        from: Some(begins.into()),
        until: Some(until.into()),
        begins_late: window.hours().is_some() && begins > from,
        decided_late: all.trades.saturating_sub(punctual.trades),
        always_on: Some(message(&all)),
        on_time: Some(message(&punctual)),
    })
}

pub(super) fn message(results: &Results) -> wire::Results {
    let interval = results.win_rate_interval;
    let against = results.profit_percent.zip(results.buy_and_hold_percent).map(|(ours, held)| ours - held);
    wire::Results {
        trades: results.trades,
        wins: results.wins,
        losses: results.losses,
        n_too_small: results.is_too_small(),
        win_rate: results.win_rate,
        win_rate_low: interval.map(|interval| interval.low),
        win_rate_high: interval.map(|interval| interval.high),
        start_usd: results.start.to_f64(),
        equity_usd: results.equity().to_f64(),
        realised_usd: results.realized.to_f64(),
        unrealised_usd: results.unrealized.to_f64(),
        fees_usd: results.fees.to_f64(),
        profit_usd: results.profit().to_f64(),
        profit_percent: results.profit_percent,
        profit_factor: results.profit_factor,
        expectancy_usd: results.expectancy_usd,
        mean_return_percent: results.mean_return_percent,
        sharpe: results.sharpe,
        sortino: results.sortino,
        max_drawdown: results.drawdown.map(|fall| wire::Drawdown {
            usd: fall.usd.to_f64(),
            percent: fall.percent,
            from: Some(fall.from.into()),
            until: Some(fall.until.into()),
            seconds: fall.length().as_secs_f64(),
            recovered: fall.recovered,
        }),
        average_hold_seconds: results.average_hold.map(|hold| hold.as_secs_f64()),
        exposure_percent: results.exposure_percent,
        mean_worst_percent: results.mean_worst_percent,
        mean_best_percent: results.mean_best_percent,
        best_usd: results.best.map(Usd::to_f64),
        worst_usd: results.worst.map(Usd::to_f64),
        streak: results.streak,
        streak_wins: results.streak_wins,
        streak_losses: results.streak_losses,
        buy_and_hold_percent: results.buy_and_hold_percent,
        against_hold_percent: against,
        open: results.open,
    }
}
