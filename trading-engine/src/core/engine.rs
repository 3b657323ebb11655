//! The folds side by side, and the position up to which they have read.

use goat::event::{Observation, Payload, TokenPrice};
use goat::values::{Seq, Symbol, UnixMicros};
use serde::{Deserialize, Serialize};

use super::cycles::{Cycle, Cycles, PriceAnalysis, Threshold, Tick};

/// What a fold reports. Whoever runs the core performs it; the core never looks back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Effect {
    /// A cycle began.
    CycleOpened(Cycle),
    /// An active cycle took in a tick.
    CycleChanged(Cycle),
    /// A cycle ended.
    CycleClosed(Cycle),
    /// A tick was placed in a cycle.
    PriceAnalyzed(PriceAnalysis),
}

/// What is computed. A state that was reached under another plan is of no use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The token whose price makes the cycles.
    pub cycle_token: String,
    /// Rising.
    pub cycle_thresholds: Vec<Threshold>,
}

/// The last position that the state contains.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The position; 0 before the first.
    pub seq: Seq,
    event_micros: Option<i64>,
}

impl Cursor {
    /// The time of the last event that was read; none before the first.
    #[must_use]
    pub fn event_time(&self) -> Option<UnixMicros> {
        self.event_micros.and_then(|micros| UnixMicros::new(micros).ok())
    }
}

/// The whole state. It is serialized to survive a restart, so it holds nothing that cannot be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Engine {
    plan: Plan,
    cursor: Cursor,
    cycles: Cycles,
}

impl Engine {
    /// A state that has read everything up to `after_seq` and made nothing of it.
    #[must_use]
    pub fn new(plan: Plan, after_seq: Seq) -> Self {
        let cycles = Cycles::new(&plan.cycle_thresholds);
        Self { plan, cursor: Cursor { seq: after_seq, event_micros: None }, cycles }
    }

    /// Folds one event in and adds what follows from it to `effects`.
    ///
    /// Events come in the order of the log; their times may go back.
    pub fn handle(&mut self, seq: Seq, observation: &Observation, effects: &mut Vec<Effect>) {
        if let Payload::Price(price) = &observation.payload
            && self.makes_cycles(price.token)
        {
            self.fold_price(seq, observation.event_time, price, effects);
        }
        self.pass(seq, Some(observation.event_time));
    }

    /// Reads on to `seq`, past events that nothing here follows from.
    pub fn pass(&mut self, seq: Seq, event_time: Option<UnixMicros>) {
        debug_assert!(seq >= self.cursor.seq);
        self.cursor.seq = seq;
        if let Some(time) = event_time {
            self.cursor.event_micros = Some(time.get());
        }
    }

    /// What is computed.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// How far it has read.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// The cycles so far.
    #[must_use]
    pub fn cycles(&self) -> &Cycles {
        &self.cycles
    }

    fn makes_cycles(&self, token: Symbol) -> bool {
        token.as_str() == self.plan.cycle_token
    }

    fn fold_price(&mut self, seq: Seq, time: UnixMicros, price: &TokenPrice, effects: &mut Vec<Effect>) {
        let tick = Tick { seq, time, price: price.price };
        self.cycles.fold(&tick, effects);
    }
}
