//! Positions, the path of their stops, and the account.

use goat::error::Kind;
use goat::event::Venue;
use goat::wire::market as market_wire;
use goat::wire::trading as wire;
use tonic::Status;

use super::{Trading, checked_limit, command};
use crate::core::command::Order;
use crate::core::decision::DecisionId;
use crate::core::exit::ExitReason;
use crate::core::fill::{Amount, Fill, FillSource};
use crate::core::position::{Position, Stage};

impl Trading {
    pub(super) async fn list_positions(
        &self,
        request: wire::ListPositionsRequest,
    ) -> Result<wire::ListPositionsResponse, Status> {
        let limit = checked_limit(request.limit)?;
        let mut condition = Condition::default();
        if !request.status.is_empty() {
            condition.and("status = ?", status(&request.status)?.to_owned());
        }
        if !request.play_id.is_empty() {
            condition.and("play_id = ?", request.play_id);
        }
        if !request.wallet_address.is_empty() {
            condition.and("wallet_address = ?", request.wallet_address);
        }
        if !request.page_token.is_empty() {
            let after = decision_id("page_token", &request.page_token)?;
            condition.and("(decided_seq, id) < (?, ?)", after.seq.get());
            condition.parameters.push(Box::new(after.to_string()));
        }
        let order = format!("ORDER BY decided_seq DESC, id DESC LIMIT {}", limit + 1);
        let mut rows: Vec<Position> = self.records(&condition.text(&order), condition.parameters).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        // The tables have a position as it was when it last changed its stage; its stop has moved since.
        let desk = self.view.read().desk.clone();
        for row in &mut rows {
            if let Some(live) = desk.positions.get(&row.id) {
                row.clone_from(live);
            }
        }
        let next_page_token =
            rows.last().filter(|_| more).map(|last| last.id.to_string()).unwrap_or_default();
        let positions = self.position_messages(&rows).await?;
        let count = u32::try_from(positions.len()).unwrap_or(u32::MAX);
        Ok(wire::ListPositionsResponse { positions, count, next_page_token })
    }

    pub(super) async fn position(&self, id: &str) -> Result<wire::Position, Status> {
        let position = self.position_record(id).await?;
        self.position_message(position).await
    }

    pub(super) async fn price_checks(&self, id: &str) -> Result<Vec<wire::PriceCheck>, Status> {
        let position = self.position_record(id).await?;
        let found = self.readers.price_checks(position.id.to_string()).await;
        found.map_err(|error| goat::error::internal("reading buyin_price_checks", &error))
    }

    pub(super) async fn trail(&self, id: &str) -> Result<wire::GetTrailResponse, Status> {
        let position = self.position_record(id).await?;
        let found = self.readers.trail(position.id.to_string()).await;
        let values = found.map_err(|error| goat::error::internal("reading buyin_trail", &error))?;
        let aligned = position.decided_at.get().div_euclid(1_000_000);
        Ok(wire::GetTrailResponse {
            position_id: position.id.to_string(),
            aligned_to: goat::values::UnixMicros::from_seconds(aligned).ok().map(Into::into),
            values,
        })
    }

    pub(super) async fn close_position(
        &self,
        request: wire::ClosePositionRequest,
    ) -> Result<wire::Position, Status> {
        let id = decision_id("id", &request.id)?;
        let open = {
            let desk = self.view.read().desk.clone();
            desk.positions.get(&id).map(|position| position.stage.clone())
        };
        match open {
            Some(Stage::Open) => {}
            Some(stage) => {
                return Err(
                    Kind::Precondition.status(format!("position {id} is {}, not open", stage.as_str()))
                );
            }
            None => {
                let known = self.position_record(&request.id).await?;
                return Err(
                    Kind::Precondition.status(format!("position {id} is {}, not open", known.stage.as_str()))
                );
            }
        }
        let request = command::request(request.reason, String::new())?;
        let order = Order::ClosePosition { id: id.clone(), request };
        command::carry_out(&self.commands, order, String::new()).await?;
        let desk = self.view.read().desk.clone();
        let position = desk.positions.get(&id).cloned();
        let gone = || Kind::Precondition.status(format!("position {id} was closed meanwhile"));
        self.position_message(position.ok_or_else(gone)?).await
    }

    pub(super) fn account(&self) -> wire::Account {
        let view = self.view.read();
        let mut account = view
            .desk
            .account
            .clone()
            .unwrap_or_else(|| crate::core::account::Account::new(crate::core::money::Usd::ZERO));
        let now = view.cursor.event_time().unwrap_or_default();
        if let Some(quote) = view.price
            && let Ok(price) = goat::values::Price::new(quote.price)
        {
            // A price that is too large to count with leaves the positions at their last mark.
            let _ = account.mark(self.token, price);
        }
        wire::Account {
            start_usd: account.start().to_f64(),
            equity_usd: account.equity().to_f64(),
            cash_usd: account.cash().to_f64(),
            realised_usd: account.realized_pnl().to_f64(),
            unrealised_usd: account.unrealized_pnl().to_f64(),
            fees_usd: account.fees().to_f64(),
            exposure_usd: account.exposure().to_f64(),
            open_positions: u32::try_from(account.positions().len()).unwrap_or(u32::MAX),
            day_profit_usd: account.realized_on_day(now).to_f64(),
            as_of: view.price.map(|quote| quote.known_at.into()),
            seq: view.cursor.seq.get(),
        }
    }

    async fn position_record(&self, id: &str) -> Result<Position, Status> {
        let wanted = decision_id("id", id)?;
        let live = self.view.read().desk.positions.get(&wanted).cloned();
        if let Some(position) = live {
            return Ok(position);
        }
        let found: Vec<Position> = self.records("WHERE id = ?", vec![Box::new(wanted.to_string())]).await?;
        found.into_iter().next().ok_or_else(|| Kind::NotFound.status(format!("there is no position {id:?}")))
    }

    async fn position_message(&self, position: Position) -> Result<wire::Position, Status> {
        let id = position.id.to_string();
        let missing = || Kind::NotFound.status(format!("there is no position {id:?}"));
        self.position_messages(&[position]).await?.pop().ok_or_else(missing)
    }

    /// The positions with what they are worth at the newest price, and whether they were decided late.
    async fn position_messages(&self, positions: &[Position]) -> Result<Vec<wire::Position>, Status> {
        let late = self.lateness(positions.iter().map(|position| &position.id)).await?;
        let price = self.view.read().price.map(|quote| quote.price);
        let message = |position: &Position| wire::Position {
            decided_late: late.contains_key(&position.id.to_string()),
            ..message(position, price)
        };
        Ok(positions.iter().map(message).collect())
    }
}

/// What a query asks for.
#[derive(Default)]
pub(super) struct Condition {
    parts: Vec<&'static str>,
    pub(super) parameters: Vec<Box<dyn duckdb::ToSql + Send>>,
}

impl Condition {
    pub(super) fn and(&mut self, part: &'static str, value: impl duckdb::ToSql + Send + 'static) {
        self.parts.push(part);
        self.parameters.push(Box::new(value));
    }

    pub(super) fn text(&self, order: &str) -> String {
        if self.parts.is_empty() {
            return order.to_owned();
        }
        format!("WHERE {} {order}", self.parts.join(" AND "))
    }
}

pub(super) fn decision_id(field: &str, text: &str) -> Result<DecisionId, Status> {
    DecisionId::parse(text).ok_or_else(|| {
        Kind::Invalid
            .status(format!("{field} is {text:?}; it must be like 4711.play: a position, a dot, a play"))
    })
}

/// Ours, and the original's names for the same.
fn status(text: &str) -> Result<&'static str, Status> {
    Ok(match text {
        "opening" | "validating" => "opening",
        "open" | "pending" => "open",
        "closing" => "closing",
        "closed" | "sold" | "completed" => "closed",
        "missed" | "cancelled" => "missed",
        other => {
            return Err(Kind::Invalid.status(format!(
                "status is {other:?}; it must be opening, open, closing, closed or missed"
            )));
        }
    })
}

pub(super) fn message(position: &Position, price: Option<f64>) -> wire::Position {
    let state = match &position.stage {
        Stage::Opening(_) => wire::position::State::Opening,
        Stage::Open => wire::position::State::Open,
        Stage::Closing { .. } => wire::position::State::Closing,
        Stage::Closed { .. } => wire::position::State::Closed,
        Stage::Missed(_) => wire::position::State::Missed,
    };
    let (reason, note) = match &position.stage {
        Stage::Closing { reason, note, .. } | Stage::Closed { reason, note } => {
            (exit_reason(*reason), note.clone())
        }
        Stage::Missed(why) => (wire::ExitReason::Unspecified, why.clone()),
        Stage::Opening(_) | Stage::Open => (wire::ExitReason::Unspecified, String::new()),
    };
    let direction = market_wire::PositionSide::from(position.side);
    let gains = position.outcome.as_ref().map(|outcome| outcome.gains(costs_bps(position)));
    let path = position.outcome.as_ref().map(|outcome| &outcome.path);
    let current = if position.stage.is_over() { None } else { price };
    wire::Position {
        id: position.id.to_string(),
        play_id: position.id.play.to_string(),
        play_version: position.play_version,
        state: state.into(),
        direction: direction.into(),
        wallet_address: position.wallet.clone(),
        trade_signature: position.signature.clone(),
        cycle_id: position.cycle.to_string(),
        decided_at: Some(position.decided_at.into()),
        size_usd: position.size.to_f64(),
        entry: position.entry.as_ref().map(fill),
        exit: position.exit.as_ref().map(fill),
        exit_reason: reason.into(),
        exit_note: note,
        highest_price: path.map(|path| path.best(crate::core::gains::Direction::Long).price),
        lowest_price: path.map(|path| path.worst(crate::core::gains::Direction::Long).price),
        current_price: current.filter(|_| position.entry.is_some()),
        stop_price: position.stop.filter(|_| !position.stage.is_over()).map(|stop| stop.stop_price),
        gain_percent: current.and_then(|price| position.gain_percent(price)),
        profit_usd: position.profit().map(crate::core::money::Usd::to_f64),
        unrealised_usd: current.and_then(|price| unrealised(position, price)),
        opened_at: position.opened_at().map(Into::into),
        closed_at: position.closed_at().map(Into::into),
        hold_ms: position
            .opened_at()
            .zip(position.closed_at())
            .map(|(opened, closed)| (closed.get() - opened.get()) / 1000),
        decided_late: false,
        stop_raises: position.stop_raises,
        gains: gains.as_ref().map(Into::into),
    }
}

/// Of entry and exit, at the entry's rate.
fn costs_bps(position: &Position) -> f64 {
    position.entry.as_ref().map_or(0.0, |fill| 2.0 * fill.taker_fee_bps)
}

fn unrealised(position: &Position, price: f64) -> Option<f64> {
    let entry = position.entry.as_ref()?;
    let change = match position.side {
        goat::event::PositionSide::Long => price - entry.average_price,
        goat::event::PositionSide::Short => entry.average_price - price,
    };
    Some(change * entry.quantity)
}

pub(super) fn exit_reason(reason: ExitReason) -> wire::ExitReason {
    match reason {
        ExitReason::StopLoss => wire::ExitReason::StopLoss,
        ExitReason::TrailingStop => wire::ExitReason::TrailingStop,
        ExitReason::MaximumHold => wire::ExitReason::MaximumHold,
        ExitReason::Mirror => wire::ExitReason::Mirror,
        ExitReason::Manual => wire::ExitReason::Manual,
        ExitReason::Halt => wire::ExitReason::Halt,
    }
}

/// A fill as it is served.
pub(crate) fn fill(fill: &Fill) -> wire::Fill {
    let mut message = wire::Fill {
        quantity: fill.quantity,
        average_price: fill.average_price,
        notional_usd: fill.notional.to_f64(),
        fee_usd: fill.fee.to_f64(),
        fee_bps: fill.taker_fee_bps,
        slippage_bps: fill.slippage_bps.unwrap_or_default(),
        decided_at: Some(fill.order.decided_time.into()),
        due_at: Some(fill.due_time.into()),
        filled_at: Some(fill.filled_time.into()),
        mid_price: fill.mid_price,
        asked: Some(match fill.order.amount {
            Amount::Notional(usd) => wire::fill::Asked::AskedUsd(usd.to_f64()),
            Amount::Quantity(quantity) => wire::fill::Asked::AskedQuantity(quantity),
        }),
        unfilled: fill.unfilled.map(|rest| match rest {
            Amount::Notional(usd) => usd.to_f64(),
            Amount::Quantity(quantity) => quantity,
        }),
        ..wire::Fill::default()
    };
    match &fill.source {
        FillSource::Book { seq, venue, symbol, update_id, levels, beyond } => {
            let venue = match venue {
                Venue::Binance => market_wire::Venue::Binance,
                Venue::Bybit => market_wire::Venue::Bybit,
            };
            message.seq = seq.get();
            message.from_book = true;
            message.venue = venue.into();
            message.symbol = symbol.to_string();
            message.update_id = *update_id;
            message.beyond_book_quantity = beyond.map_or(0.0, |beyond| beyond.quantity);
            message.beyond_book_price = beyond.map(|beyond| beyond.price);
            message.assumed_slippage_bps = beyond.map(|beyond| beyond.slippage_bps);
            message.levels = levels
                .iter()
                .map(|level| wire::FillLevel {
                    price: level.price,
                    displayed: level.displayed,
                    consumed_before: level.consumed_before,
                    taken: level.taken,
                    left: level.left,
                })
                .collect();
        }
        FillSource::Price { seq, slippage_bps, .. } => {
            message.seq = seq.get();
            message.assumed_slippage_bps = Some(*slippage_bps);
        }
    }
    message
}
