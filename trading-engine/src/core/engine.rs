//! The folds side by side, and the position up to which they have read.

use goat::event::{Observation, Payload, TokenPrice};
use goat::values::{Seq, Symbol, UnixMicros};
use serde::{Deserialize, Serialize};

use super::command::{Command, Order, Request};
use super::controls::{Controls, Pause};
use super::cycles::{Cycle, Cycles, PriceAnalysis, Threshold, Tick};
use super::micros;

const HOUR_MICROS: i64 = 3_600_000_000;

/// What a fold reports. Whoever runs the core performs it; the core never looks back.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// A cycle began.
    CycleOpened(Cycle),
    /// An active cycle took in a tick.
    CycleChanged(Cycle),
    /// A cycle ended.
    CycleClosed(Cycle),
    /// A tick was placed in a cycle.
    PriceAnalyzed(PriceAnalysis),
    /// The operator switched something.
    ControlsChanged(Box<Controls>),
    /// A full hour began: what is old may go.
    HourBegan(Hour),
}

/// A full hour of the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hour {
    /// Its first moment.
    #[serde(with = "micros")]
    pub begins: UnixMicros,
    /// The position of the first event in it.
    pub seq: Seq,
}

/// What a cold start takes over of what was there before.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Carried {
    /// The operator's switches; none when there were none yet.
    pub controls: Option<Controls>,
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
    /// The ordinal of the last command that the state contains; 0 before the first.
    pub command: u64,
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
    hour: Hour,
    cycles: Cycles,
    controls: Controls,
}

impl Engine {
    /// A state that has read everything up to `after_seq` and made nothing of it.
    #[must_use]
    pub fn new(plan: Plan, after_seq: Seq) -> Self {
        let cycles = Cycles::new(&plan.cycle_thresholds);
        let cursor = Cursor { seq: after_seq, command: 0, event_micros: None };
        Self { plan, cursor, hour: Hour::default(), cycles, controls: Controls::default() }
    }

    /// Takes over what was there before, before anything is folded in.
    pub fn carry(&mut self, carried: Carried, effects: &mut Vec<Effect>) {
        if let Some(controls) = carried.controls {
            self.controls = controls;
            effects.push(Effect::ControlsChanged(Box::new(self.controls.clone())));
        }
    }

    /// Folds one event in and adds what follows from it to `effects`.
    ///
    /// Events come in the order of the log; their times may go back.
    pub fn handle(&mut self, seq: Seq, observation: &Observation, effects: &mut Vec<Effect>) {
        self.begin_hour(seq, observation, effects);
        if let Payload::Price(price) = &observation.payload
            && self.makes_cycles(price.token)
        {
            self.fold_price(seq, observation.event_time, price, effects);
        }
        self.pass(seq, Some(observation.event_time));
    }

    /// Folds one command in and adds what follows from it to `effects`.
    ///
    /// Commands come in the order of their ordinals, each when everything up to its place has been folded.
    pub fn command(&mut self, command: &Command, effects: &mut Vec<Effect>) {
        debug_assert!(command.ordinal > self.cursor.command);
        self.cursor.command = command.ordinal;
        match &command.order {
            Order::PauseTrading(Request { requested_by, reason }) => self.controls.pause(Pause {
                since: command.time,
                requested_by: requested_by.clone(),
                reason: reason.clone(),
            }),
            Order::ResumeTrading(_) => self.controls.resume(),
        }
        effects.push(Effect::ControlsChanged(Box::new(self.controls.clone())));
    }

    /// Counts every command up to `ordinal` as contained: what it led to was taken over.
    pub fn contain(&mut self, ordinal: u64) {
        self.cursor.command = self.cursor.command.max(ordinal);
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

    /// The newest full hour that has begun.
    #[must_use]
    pub fn hour(&self) -> Hour {
        self.hour
    }

    /// What the operator has switched.
    #[must_use]
    pub fn controls(&self) -> &Controls {
        &self.controls
    }

    /// An event that claims to come from the future begins no hour before it reached us.
    fn begin_hour(&mut self, seq: Seq, observation: &Observation, effects: &mut Vec<Effect>) {
        let time = observation.event_time.min(observation.received_time).get();
        let Ok(begins) = UnixMicros::new(time - time.rem_euclid(HOUR_MICROS)) else { return };
        if begins > self.hour.begins {
            self.hour = Hour { begins, seq };
            effects.push(Effect::HourBegan(self.hour));
        }
    }

    fn makes_cycles(&self, token: Symbol) -> bool {
        token.as_str() == self.plan.cycle_token
    }

    fn fold_price(&mut self, seq: Seq, time: UnixMicros, price: &TokenPrice, effects: &mut Vec<Effect>) {
        let tick = Tick { seq, time, price: price.price };
        self.cycles.fold(&tick, effects);
    }
}
