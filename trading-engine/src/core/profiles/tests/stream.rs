//! Logs of ticks and trades, written by hand or drawn at random.

use goat::event::{Perp, PositionSide, Side, WalletTrade};
use goat::values::{Price, Quantity, Seq, UnixMicros};
use proptest::prelude::*;

use crate::core::Effect;
use crate::core::cycles::{Cycles, Threshold, Tick};
use crate::core::profiles::{Limits, Profile, Profiles};

pub(super) const THRESHOLDS: [u32; 3] = [20, 30, 50];

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Event {
    Tick {
        now_ms: i64,
        time_ms: i64,
        price: f64,
    },
    Trade {
        now_ms: i64,
        time_ms: i64,
        side: Side,
        wallet: String,
        signature: String,
        perp: Option<PositionSide>,
    },
}

/// Short enough for a stream of some minutes to leave them.
pub(super) fn limits() -> Limits {
    Limits { window_seconds: 60, late_seconds: 15, ..Limits::default() }
}

pub(super) fn time(millis: i64) -> UnixMicros {
    UnixMicros::new(1_767_000_000_000_000 + millis * 1000).unwrap()
}

pub(super) fn tick(second: i64, price: f64) -> Event {
    Event::Tick { now_ms: second * 1000, time_ms: second * 1000, price }
}

pub(super) fn buy(second: i64, wallet: &str, signature: &str) -> Event {
    late_buy(second, second, wallet, signature)
}

/// A buy that happened at one second and came at another.
pub(super) fn late_buy(second: i64, came: i64, wallet: &str, signature: &str) -> Event {
    trade(second, came, Side::Buy, wallet, signature)
}

pub(super) fn trade(second: i64, came: i64, side: Side, wallet: &str, signature: &str) -> Event {
    Event::Trade {
        now_ms: came * 1000,
        time_ms: second * 1000,
        side,
        wallet: wallet.to_owned(),
        signature: signature.to_owned(),
        perp: None,
    }
}

/// The profiles beside the cycles, as an engine folds them.
pub(super) struct Fold {
    pub(super) profiles: Profiles,
    pub(super) rows: Vec<Profile>,
    cycles: Cycles,
    seq: u64,
    now: UnixMicros,
}

impl Fold {
    pub(super) fn new(limits: Limits) -> Self {
        Self::at(&THRESHOLDS.map(Threshold::from_hundredths), limits)
    }

    pub(super) fn at(thresholds: &[Threshold], limits: Limits) -> Self {
        let cycles = Cycles::new(thresholds);
        let profiles = Profiles::new(thresholds, limits);
        Self { profiles, rows: Vec::new(), cycles, seq: 0, now: time(-1_000_000) }
    }

    pub(super) fn all(&mut self, events: &[Event]) {
        for event in events {
            self.one(event);
        }
    }

    pub(super) fn one(&mut self, event: &Event) {
        self.seq += 1;
        let seq = Seq::new(self.seq);
        match event {
            Event::Tick { now_ms, time_ms, price } => {
                self.now = self.now.max(time(*now_ms));
                let tick = Tick { seq, time: time(*time_ms), price: Price::new(*price).unwrap() };
                let mut effects = Vec::new();
                self.cycles.fold(&tick, &mut effects);
                let closed: Vec<_> = effects
                    .iter()
                    .filter_map(|effect| match effect {
                        Effect::CycleClosed(cycle) => Some(*cycle),
                        _ => None,
                    })
                    .collect();
                self.profiles.fold_tick(&tick, self.now, &closed, &mut self.rows);
            }
            Event::Trade { now_ms, time_ms, side, wallet, signature, perp } => {
                self.now = self.now.max(time(*now_ms));
                let trade = WalletTrade {
                    signature: signature.clone(),
                    wallet: wallet.clone(),
                    side: *side,
                    sol_amount: Quantity::new(2.0).unwrap(),
                    stablecoin: "USDC".to_owned(),
                    stablecoin_amount: Quantity::new(200.0).unwrap(),
                    price: Price::new(100.0).unwrap(),
                    slot: 1,
                    block_height: 1,
                    perp: Perp { side: *perp, ..Perp::default() },
                    raw_json: String::new(),
                };
                self.profiles.fold_trade(seq, self.now, time(*time_ms), &trade, &mut self.rows);
            }
        }
    }
}

/// What happens next, relative to what was before. Times are coarse, so that they often coincide.
#[derive(Debug, Clone)]
enum Step {
    Tick { after_ms: i64, cents: i32 },
    Trade { late_ms: i64, wallet: u8, side: Side, perp: Option<PositionSide> },
    Again { back: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let after =
        prop_oneof![1 => Just(-2000_i64), 2 => Just(0), 8 => Just(1000), 2 => Just(500), 1 => Just(9000)];
    let late = prop_oneof![
        4 => (-6_i64..8).prop_map(|half| half * 500),
        2 => (0_i64..50).prop_map(|half| half * 500),
    ];
    let side = prop_oneof![4 => Just(Side::Buy), 1 => Just(Side::Sell)];
    let perp = prop_oneof![2 => Just(None), 1 => Just(Some(PositionSide::Long)), 1 => Just(Some(PositionSide::Short))];
    // The wallets differ in how often they buy.
    let wallet = prop_oneof![6 => Just(0_u8), 3 => Just(1), 1 => Just(2), 1 => 3_u8..10];
    prop_oneof![
        6 => (after, -12_i32..=12).prop_map(|(after_ms, cents)| Step::Tick { after_ms, cents }),
        5 => (late, wallet, side, perp)
            .prop_map(|(late_ms, wallet, side, perp)| Step::Trade { late_ms, wallet, side, perp }),
        1 => (0_usize..6).prop_map(|back| Step::Again { back }),
    ]
}

/// Some minutes of a log.
pub(super) fn events() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec(step(), 0..250).prop_map(|steps| {
        let (mut now_ms, mut cents, mut events) = (0, 10_000, Vec::<Event>::new());
        for step in steps {
            match step {
                Step::Tick { after_ms, cents: by } => {
                    let time_ms = now_ms + after_ms;
                    now_ms = now_ms.max(time_ms);
                    cents = (cents + by).max(5000);
                    events.push(Event::Tick { now_ms, time_ms, price: f64::from(cents) / 100.0 });
                }
                Step::Trade { late_ms, wallet, side, perp } => events.push(Event::Trade {
                    now_ms,
                    time_ms: now_ms - late_ms,
                    side,
                    wallet: format!("wallet-{wallet}"),
                    signature: format!("signature-{}", events.len()),
                    perp,
                }),
                Step::Again { back } => {
                    let trades = events.iter().filter(|event| matches!(event, Event::Trade { .. }));
                    if let Some(Event::Trade { time_ms, side, wallet, signature, perp, .. }) =
                        trades.rev().nth(back).cloned()
                    {
                        events.push(Event::Trade { now_ms, time_ms, side, wallet, signature, perp });
                    }
                }
            }
        }
        events
    })
}
