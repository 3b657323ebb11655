//! A market written down event by event, and an engine that reads it.

use std::collections::BTreeSet;

use goat::event::{
    BookSnapshot, FeedEvent, FeedEventKind, Level, Observation, Payload, Perp, PositionSide, Side, Source,
    TokenPrice, Venue, WalletTrade,
};
use goat::values::{Price, Quantity, Seq, Symbol, UnixMicros};
use goat::wire::market::BookFeatures;

use crate::core::command::{Command, Order};
use crate::core::cycles::Threshold;
use crate::core::decision::Decision;
use crate::core::desk::{Limits, Report};
use crate::core::exit::{ExitRules, UncheckedRules};
use crate::core::market::PricingBook;
use crate::core::money::Usd;
use crate::core::play::{PerpMode, Play, PlayId, WalletSelection};
use crate::core::position::Position;
use crate::core::shadows::Shadow;
use crate::core::{Effect, Engine, Plan};

const BEGAN_MICROS: i64 = 1_767_000_000_000_000;

pub(super) fn symbol(text: &str) -> Symbol {
    Symbol::parse(text).unwrap()
}

pub(super) fn plan() -> Plan {
    Plan {
        cycle_token: symbol("SOL"),
        cycle_thresholds: vec![Threshold::from_hundredths(30)],
        entry_threshold: Threshold::from_hundredths(30),
        book: PricingBook { venue: Venue::Binance, symbol: symbol("SOLUSDT") },
    }
}

/// Follows alice and bob with 100 USD each, one entry a cycle.
pub(in crate::core) fn play() -> Play {
    Play {
        id: PlayId::new("play").unwrap(),
        version: 0,
        name: "Play".into(),
        description: String::new(),
        active: true,
        side: PositionSide::Long,
        wallets: WalletSelection::Addresses(BTreeSet::from(["alice".to_owned(), "bob".to_owned()])),
        max_entries_per_cycle: 1,
        perp_mode: PerpMode::Any,
        bundle: None,
        timing: None,
        size: Usd::from_dollars(100),
        source_min_usd: None,
        source_max_usd: None,
        exit: ExitRules::default(),
        validator: None,
        auto_update: false,
        changed_at: UnixMicros::default(),
    }
}

pub(in crate::core) fn at(millis: i64) -> UnixMicros {
    UnixMicros::new(BEGAN_MICROS + millis * 1000).unwrap()
}

pub(super) fn event(millis: i64, payload: Payload) -> Observation {
    let time = at(millis);
    Observation { event_time: time, received_time: time, source: Source::Replay, source_position: 0, payload }
}

pub(super) fn price(millis: i64, price: f64) -> Observation {
    let price = TokenPrice { token: symbol("SOL"), price: Price::new(price).unwrap(), block_id: 0 };
    event(millis, Payload::Price(price))
}

pub(super) fn trade(millis: i64, wallet: &str, signature: &str, side: Side) -> Observation {
    let trade = WalletTrade {
        signature: signature.into(),
        wallet: wallet.into(),
        side,
        sol_amount: Quantity::new(1.0).unwrap(),
        stablecoin: "USDC".into(),
        stablecoin_amount: Quantity::new(100.0).unwrap(),
        price: Price::new(100.0).unwrap(),
        slot: 1,
        block_height: 1,
        perp: Perp::default(),
        raw_json: String::new(),
    };
    event(millis, Payload::Trade(Box::new(trade)))
}

pub(super) fn book(millis: i64, bid: f64, ask: f64, quantity: f64) -> Observation {
    let level =
        |price| Level { price: Price::new(price).unwrap(), quantity: Quantity::new(quantity).unwrap() };
    let book = BookSnapshot {
        symbol: symbol("SOLUSDT"),
        venue: Venue::Binance,
        update_id: millis.unsigned_abs(),
        bids: vec![level(bid)],
        asks: vec![level(ask)],
        features: BookFeatures { mid_price: f64::midpoint(bid, ask), ..BookFeatures::default() },
    };
    event(millis, Payload::Book(Box::new(book)))
}

pub(in crate::core) struct Script {
    pub(in crate::core) engine: Engine,
    seq: u64,
    ordinal: u64,
    effects: Vec<Effect>,
}

impl Script {
    pub(in crate::core) fn with(play: Play) -> Self {
        let mut script =
            Self { engine: Engine::new(plan(), Seq::ZERO), seq: 0, ordinal: 0, effects: Vec::new() };
        script.order(Order::SavePlay(Box::new(play)));
        script
    }

    pub(super) fn fold(&mut self, observation: &Observation) {
        self.seq += 1;
        self.engine.handle(Seq::new(self.seq), observation, &mut self.effects);
    }

    pub(super) fn order(&mut self, order: Order) {
        self.ordinal += 1;
        let command =
            Command { ordinal: self.ordinal, after_seq: Seq::new(self.seq), time: self.engine.now(), order };
        self.engine.command(&command, &mut self.effects);
    }

    pub(super) fn price(&mut self, millis: i64, usd: f64) {
        self.fold(&price(millis, usd));
    }

    pub(super) fn buy(&mut self, millis: i64, wallet: &str, signature: &str) {
        self.fold(&trade(millis, wallet, signature, Side::Buy));
    }

    pub(super) fn sell(&mut self, millis: i64, wallet: &str) {
        self.fold(&trade(millis, wallet, "sold", Side::Sell));
    }

    /// A buy that reached us `late` milliseconds after it happened.
    pub(super) fn late_buy(&mut self, millis: i64, late: i64, wallet: &str, signature: &str) {
        let mut buy = trade(millis, wallet, signature, Side::Buy);
        buy.event_time = at(millis - late);
        self.fold(&buy);
    }

    pub(super) fn book(&mut self, millis: i64, bid: f64, ask: f64, quantity: f64) {
        self.fold(&book(millis, bid, ask, quantity));
    }

    pub(super) fn feed(&mut self, millis: i64, feed: &'static str, kind: FeedEventKind) {
        let said =
            FeedEvent { feed: feed.into(), kind, symbol: None, from: None, to: None, reason: "said".into() };
        self.fold(&event(millis, Payload::Feed(said)));
    }

    pub(super) fn change_play(&mut self, change: impl Fn(&mut Play)) {
        let mut changed = self.engine.desk().plays().iter().next().unwrap().clone();
        change(&mut changed);
        self.order(Order::SavePlay(Box::new(changed)));
    }

    pub(super) fn change_exit(&mut self, change: impl Fn(&mut UncheckedRules)) {
        self.change_play(|play| {
            let mut rules = play.exit.get().clone();
            change(&mut rules);
            play.exit = ExitRules::new(rules).unwrap();
        });
    }

    pub(super) fn limits(&mut self, change: impl Fn(&mut Limits)) {
        let mut limits = self.engine.desk().limits().clone();
        change(&mut limits);
        self.order(Order::SetLimits(Box::new(limits)));
    }

    pub(super) fn decisions(&self) -> Vec<Decision> {
        let decision = |effect: &Effect| match effect {
            Effect::Desk(Report::Decision(decision)) => Some((**decision).clone()),
            _ => None,
        };
        self.effects.iter().filter_map(decision).collect()
    }

    pub(super) fn position(&self) -> &Position {
        self.engine.desk().positions().next().unwrap()
    }

    /// As it was reported last.
    pub(super) fn last_position(&self) -> Position {
        let position = |effect: &Effect| match effect {
            Effect::Desk(Report::Position(position)) => Some((**position).clone()),
            _ => None,
        };
        self.effects.iter().rev().find_map(position).unwrap()
    }

    /// Those that are complete.
    pub(super) fn shadows(&self) -> Vec<Shadow> {
        let shadow = |effect: &Effect| match effect {
            Effect::Desk(Report::Shadow(shadow)) => Some((**shadow).clone()),
            _ => None,
        };
        self.effects.iter().filter_map(shadow).collect()
    }

    /// The positions at which features were kept.
    pub(super) fn moments(&self) -> Vec<Seq> {
        let moment = |effect: &Effect| match effect {
            Effect::Desk(Report::ShadowsBegan(seq)) => Some(*seq),
            _ => None,
        };
        self.effects.iter().filter_map(moment).collect()
    }

    pub(super) fn raises(&self) -> usize {
        self.effects.iter().filter(|effect| matches!(effect, Effect::Desk(Report::StopRaised(..)))).count()
    }

    pub(super) fn effects(&self) -> &[Effect] {
        &self.effects
    }
}
