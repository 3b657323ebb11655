#![allow(clippy::float_cmp)]

use goat::event::{PositionSide, Side};
use goat::values::{Price, Seq, Symbol};

use super::*;
use crate::core::account::PositionKey;
use crate::core::fill::{Amount, Costs, Fill, Order, Purpose, SeenPrice, UncheckedCosts, fill_from_price};

fn dollars(dollars: i32) -> Usd {
    Usd::from_dollars(dollars)
}

fn at(seconds: i64) -> UnixMicros {
    UnixMicros::from_seconds(1_767_225_600 + seconds).unwrap()
}

fn filled(side: Side, price: f64) -> Fill {
    let amount = Amount::Quantity(10.0);
    let order = Order { side, purpose: Purpose::Exit, amount, decided_time: at(0), latency_ms: 0 };
    let seen = SeenPrice { seq: Seq::new(1), time: at(1), price: Price::new(price).unwrap() };
    let free = UncheckedCosts { taker_fee_bps: 0.0, slippage_bps: 0.0, minimum_fraction: 0.0 };
    fill_from_price(&order, &seen, &Costs::new(free).unwrap()).unwrap()
}

/// 100 USD realized as a loss, and one position of 1000 USD open.
fn account() -> Account {
    let mut account = Account::new(dollars(10_000));
    let token = Symbol::parse("SOL").unwrap();
    for ordinal in [0, 1] {
        let key = PositionKey { seq: Seq::new(1), ordinal };
        account.open(key, token, PositionSide::Long, &filled(Side::Buy, 100.0)).unwrap();
    }
    account.close(PositionKey { seq: Seq::new(1), ordinal: 0 }, &filled(Side::Sell, 90.0)).unwrap();
    account
}

fn wide() -> Risk {
    Risk { max_open: 2, max_exposure: dollars(1500), daily_loss: dollars(101), cooldown_seconds: 60 }
}

fn failing(risk: &Risk) -> Vec<RiskMeasure> {
    let checks = risk.check(&account(), dollars(500), Some(at(0)), at(60));
    checks.iter().filter(|check| !check.is_passed).map(|check| check.measure).collect()
}

#[test]
fn every_bound_is_measured() {
    let checks = wide().check(&account(), dollars(500), Some(at(0)), at(60));

    let told: Vec<_> =
        checks.iter().map(|check| (check.measured, check.threshold, check.is_passed)).collect();
    assert_eq!(
        told,
        [
            (Some(1.0), 2.0, true),
            (Some(1500.0), 1500.0, true),
            (Some(100.0), 101.0, true),
            (Some(60.0), 60.0, true)
        ]
    );
}

#[test]
fn each_bound_refuses_on_its_own() {
    for (risk, measure) in [
        (Risk { max_open: 1, ..wide() }, RiskMeasure::OpenPositions),
        (Risk { max_exposure: dollars(1500) - Usd::from_micros(1), ..wide() }, RiskMeasure::Exposure),
        (Risk { daily_loss: dollars(100), ..wide() }, RiskMeasure::DailyLoss),
        (Risk { cooldown_seconds: 61, ..wide() }, RiskMeasure::Cooldown),
    ] {
        assert_eq!(failing(&risk), [measure]);
    }
}

#[test]
fn before_the_first_entry_there_is_nothing_to_wait_for() {
    let checks = wide().check(&Account::new(dollars(1)), Usd::ZERO, None, at(0));

    assert_eq!((checks[3].measured, checks[3].is_passed), (None, true));
    assert_eq!(checks[2].measured, Some(0.0));
}
