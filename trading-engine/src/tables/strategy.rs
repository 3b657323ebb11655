//! `strategies`, `strategy_trades`, `strategy_equity`: paper strategies, as they are, were and came out.

use goat::values::Seq;

use super::{
    Carried, InvalidRow, Kept, Kind, Record, Recorded, Row, Shown, Table, Value, optional, required,
};
use crate::core::strategies::{CandleMark, ClosedTrade, Instance, Signal};

const KEPT: Kept = Kept { per_log: true, carried: Carried::SameLog, since: 4, hours: None };

/// One row an instance, as it is now.
pub(super) const STATES: Table = Table {
    name: "strategies",
    columns: &[
        required("id", Kind::Text),
        required("strategy", Kind::Text),
        required("venue", Kind::Text),
        required("symbol", Kind::Text),
        required("interval_seconds", Kind::BigInt),
        required("configured", Kind::Boolean),
        required("equity_usd", Kind::Money),
        required("cash_usd", Kind::Money),
        required("realized_usd", Kind::Money),
        required("unrealized_usd", Kind::Money),
        required("fees_usd", Kind::Money),
        required("trades", Kind::BigInt),
        optional("position", Kind::Text),
        optional("paused_until", Kind::Timestamp),
        optional("pause_cause", Kind::Text),
        optional("gap_since", Kind::Timestamp),
        required(Table::DOCUMENT, Kind::Json),
    ],
    key: &["id"],
    shown: Some(Shown::Always),
    kept: Some(KEPT),
};

/// One row a closed trade. Money is after rounding to the millionth of a dollar.
pub(super) const TRADES: Table = Table {
    name: "strategy_trades",
    columns: &[
        required("instance", Kind::Text),
        required("number", Kind::BigInt),
        required("strategy", Kind::Text),
        required("venue", Kind::Text),
        required("symbol", Kind::Text),
        required("direction", Kind::Text),
        required("decided_at", Kind::Timestamp),
        required("opened_at", Kind::Timestamp),
        required("closed_at", Kind::Timestamp),
        required("entry_price", Kind::Double),
        required("exit_price", Kind::Double),
        required("quantity", Kind::Double),
        required("entry_reason", Kind::Text),
        required("exit_reason", Kind::Text),
        required("gross_profit_usd", Kind::Money),
        required("fees_usd", Kind::Money),
        required("profit_usd", Kind::Money),
        required("profit_percent", Kind::Double),
        required("equity_before_usd", Kind::Money),
        required("equity_after_usd", Kind::Money),
        required(Table::DOCUMENT, Kind::Json),
    ],
    key: &["instance", "number"],
    shown: Some(Shown::Always),
    kept: Some(KEPT),
};

/// One row a candle of an instance: the curve of its equity, and what was decided.
pub(super) const EQUITY: Table = Table {
    name: "strategy_equity",
    columns: &[
        required("instance", Kind::Text),
        required("time", Kind::Timestamp),
        required("seq", Kind::BigInt),
        required("close", Kind::Double),
        required("equity_usd", Kind::Money),
        required("cash_usd", Kind::Money),
        required("unrealized_usd", Kind::Money),
        optional("signal", Kind::Text),
        optional("reason", Kind::Text),
        optional("withheld", Kind::Text),
        required(Table::DOCUMENT, Kind::Json),
    ],
    key: &["instance", "time"],
    shown: Some(Shown::Hours { age: "time", hours: 24 * 366 }),
    kept: Some(KEPT),
};

/// One row a fill that came about after its time. `late_ms` is null where the log's time is not the clock's.
pub(super) const LATE: Table = Table {
    name: "strategy_fills_late",
    columns: &[
        required("instance", Kind::Text),
        required("fill_seq", Kind::BigInt),
        optional("late_ms", Kind::Integer),
    ],
    key: &["instance", "fill_seq"],
    shown: Some(Shown::Always),
    kept: Some(Kept { since: 5, ..KEPT }),
};

/// A fill that came about after its time. It is no part of the state: what is decided does not depend on when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LateFill {
    /// The instance.
    pub instance: String,
    /// The event that filled it.
    pub fill_seq: Seq,
    /// How late; none where the log's time is not the clock's.
    pub late_ms: Option<i32>,
}

impl Record for LateFill {
    const TABLE: &'static Table = &LATE;

    fn values(&self) -> Vec<Value> {
        let late_ms = self.late_ms.map_or(Value::Null, Value::Integer);
        vec![self.instance.as_str().into(), self.fill_seq.into(), late_ms]
    }
}

/// An instance, and whether it is still configured.
#[derive(Debug)]
pub struct StrategyRow<'a> {
    /// As it is now, or was at its end.
    pub instance: &'a Instance,
    /// Whether it runs.
    pub configured: bool,
}

/// The same, read back.
#[derive(Debug, Clone, PartialEq)]
pub struct StrategyState {
    /// As it was.
    pub instance: Instance,
    /// Whether it ran.
    pub configured: bool,
}

impl Record for StrategyRow<'_> {
    const TABLE: &'static Table = &STATES;

    fn values(&self) -> Vec<Value> {
        let Self { instance, configured } = self;
        let (plan, account, pause) = (instance.plan(), instance.account(), instance.pauses().present());
        vec![
            instance.id().into(),
            plan.strategy.get().name().into(),
            super::raw::venue_name(plan.venue),
            plan.symbol.as_str().into(),
            plan.interval_seconds.into(),
            (*configured).into(),
            account.equity().into(),
            account.cash().into(),
            account.realized_pnl().into(),
            account.unrealized_pnl().into(),
            account.fees().into(),
            instance.tally().trades.into(),
            instance.holding().map(|holding| super::value::direction(holding.entry.side)).into(),
            pause.map(|pause| pause.until).into(),
            pause.map(|pause| pause.cause.as_str()).into(),
            instance.window().gap_since().into(),
            super::value::document(*instance),
        ]
    }
}

impl Recorded for StrategyState {
    fn recorded(row: &Row<'_>) -> Result<Self, InvalidRow> {
        let configured = matches!(row.value("configured")?, Value::Boolean(true));
        Ok(Self { instance: super::value::from_document(row)?, configured })
    }
}

impl Record for StrategyState {
    const TABLE: &'static Table = &STATES;

    fn values(&self) -> Vec<Value> {
        StrategyRow { instance: &self.instance, configured: self.configured }.values()
    }
}

impl Record for ClosedTrade {
    const TABLE: &'static Table = &TRADES;

    fn values(&self) -> Vec<Value> {
        vec![
            self.instance.as_str().into(),
            self.number.into(),
            self.strategy.as_str().into(),
            super::raw::venue_name(self.venue),
            self.symbol.as_str().into(),
            super::value::direction(self.side).into(),
            self.entry.order.decided_time.into(),
            self.opened_at().into(),
            self.closed_at().into(),
            self.entry.average_price.into(),
            self.exit.average_price.into(),
            self.exit.quantity.into(),
            self.entry_reason.as_ref().into(),
            self.exit_reason.as_ref().into(),
            self.gross_profit.into(),
            self.fees.into(),
            self.profit.into(),
            self.profit_percent.into(),
            self.equity_before.into(),
            self.equity_after.into(),
            super::value::document(self),
        ]
    }
}

impl Record for CandleMark {
    const TABLE: &'static Table = &EQUITY;

    fn values(&self) -> Vec<Value> {
        let decision = self.decision.as_ref();
        let signal = |signal: &Signal| signal.as_str();
        vec![
            self.instance.as_str().into(),
            self.time.into(),
            self.seq.into(),
            self.close.into(),
            self.equity.into(),
            self.cash.into(),
            self.unrealized.into(),
            decision.map(|decision| signal(&decision.signal)).into(),
            decision.map(|decision| decision.reason.as_ref()).into(),
            self.withheld.as_deref().into(),
            super::value::document(self),
        ]
    }
}

impl Recorded for ClosedTrade {
    fn recorded(row: &Row<'_>) -> Result<Self, InvalidRow> {
        super::value::from_document(row)
    }
}

impl Recorded for CandleMark {
    fn recorded(row: &Row<'_>) -> Result<Self, InvalidRow> {
        super::value::from_document(row)
    }
}
