use goat::event::{BookSnapshot, Level, Source, TokenPrice, Venue};
use goat::values::{Price, Quantity, Symbol};

use super::*;
use crate::core::fill::{
    Consumption, Costs, Fill, SeenBook, SeenPrice, UncheckedCosts, fill_from_book, fill_from_price,
};
use crate::serve::fill_message;

fn at(millis: i64) -> UnixMicros {
    UnixMicros::new(1_767_000_000_000_000 + millis * 1000).unwrap()
}

fn observed(payload: Payload) -> Observation {
    Observation {
        event_time: at(299),
        received_time: at(300),
        source: Source::Simulated,
        source_position: 0,
        payload,
    }
}

fn entry(dollars: i32) -> Order {
    let entry = order(PositionSide::Long, Purpose::Entry, Amount::Notional(Usd::from_dollars(dollars)));
    Order { decided_time: at(0), latency_ms: 250, ..entry }
}

fn exit(quantity: f64) -> Order {
    let exit = order(PositionSide::Long, Purpose::Exit, Amount::Quantity(quantity));
    Order { decided_time: at(0), latency_ms: 250, ..exit }
}

/// Not those of the settings, nor round.
fn costs() -> Costs {
    let costs = UncheckedCosts { taker_fee_bps: 7.3, slippage_bps: 3.777_777_7, minimum_fraction: 0.1 };
    Costs::new(costs).unwrap()
}

fn price() -> (SeenPrice, Observation) {
    let price = Price::new(123.456_789).unwrap();
    let token = Symbol::parse("SOL").unwrap();
    let seen = SeenPrice { seq: Seq::new(9), time: at(300), price };
    (seen, observed(Payload::Price(TokenPrice { token, price, block_id: 0 })))
}

/// Three levels a side, of three, five and seven SOL.
fn book() -> BookSnapshot {
    let level = |price: f64, quantity: f64| Level {
        price: Price::new(price).unwrap(),
        quantity: Quantity::new(quantity).unwrap(),
    };
    BookSnapshot {
        symbol: Symbol::parse("SOLUSDT").unwrap(),
        venue: Venue::Bybit,
        update_id: 77,
        bids: vec![level(123.41, 3.1), level(123.33, 5.2), level(123.17, 7.3)],
        asks: vec![level(123.43, 3.3), level(123.51, 5.4), level(123.67, 7.7)],
        features: goat::wire::market::BookFeatures::default(),
    }
}

/// Filled after an earlier order had taken of the best level, an entry that was cut, and an exit that went beyond.
fn from_book(order: &Order) -> (Fill, Observation) {
    let book = book();
    let seen = SeenBook { seq: Seq::new(9), time: at(300), book: &book };
    let mut consumption = Consumption::default();
    fill_from_book(&entry(100), &seen, &costs(), &mut consumption).unwrap();
    fill_from_book(&exit(0.7), &seen, &costs(), &mut consumption).unwrap();
    let fill = fill_from_book(order, &seen, &costs(), &mut consumption).unwrap();
    (fill, observed(Payload::Book(Box::new(book))))
}

fn cases() -> Vec<(Order, Fill, Observation)> {
    let (seen, observation) = price();
    let mut cases = Vec::new();
    for order in [entry(250), exit(1.234_567_89)] {
        cases.push((order, fill_from_price(&order, &seen, &costs()).unwrap(), observation.clone()));
    }
    for order in [entry(250), entry(5_000), exit(1.234_567_89), exit(40.0)] {
        let (fill, observation) = from_book(&order);
        cases.push((order, fill, observation));
    }
    cases
}

#[test]
fn what_is_served_is_the_whole_fill_and_follows_from_its_event() {
    let cases = cases();
    assert!(cases.iter().any(|(_, fill, _)| fill.unfilled.is_some()), "one is cut");
    assert!(
        cases.iter().any(|(_, fill, _)| fill_message(fill).beyond_book_quantity > 0.0),
        "one goes beyond"
    );
    for (order, fill, observation) in cases {
        let served = fill_message(&fill);
        assert_eq!(stored::fill(&served, &order).unwrap(), fill);
        assert_eq!(follows(&served, &order, &observation), Ok(()));
    }
}

#[test]
fn a_figure_that_was_changed_in_its_last_digit_is_named() {
    type Change = (&'static str, fn(&mut wire::Fill));
    let of_all: [Change; 6] = [
        ("quantity", |fill| fill.quantity = fill.quantity.next_up()),
        ("average_price", |fill| fill.average_price = fill.average_price.next_up()),
        ("notional", |fill| fill.notional_usd += 0.000_001),
        ("fee", |fill| fill.fee_usd += 0.000_001),
        ("slippage_bps", |fill| fill.slippage_bps = fill.slippage_bps.next_up()),
        ("filled_time", |fill| fill.filled_at = Some(at(301).into())),
    ];
    for (order, fill, observation) in cases() {
        for (named, change) in of_all {
            let mut changed = fill_message(&fill);
            change(&mut changed);
            let difference = follows(&changed, &order, &observation).unwrap_err();
            assert!(difference.starts_with(named), "{named}: {difference}");
        }
        let mut changed = fill_message(&fill);
        changed.mid_price = changed.mid_price.map(f64::next_up);
        follows(&changed, &order, &observation).unwrap_err();
        changed = wire::Fill { asked: None, ..fill_message(&fill) };
        assert_eq!(follows(&changed, &order, &observation).unwrap_err(), "asked is missing");
        if let Some(rest) = fill_message(&fill).unfilled {
            changed = wire::Fill { unfilled: Some(rest + 0.000_001), ..fill_message(&fill) };
            assert!(follows(&changed, &order, &observation).unwrap_err().starts_with("unfilled"));
        }
        if let Some(assumed) = fill_message(&fill).assumed_slippage_bps {
            // Nothing is served beside it that it could be compared with: it shows where the figures follow from it.
            changed = wire::Fill { assumed_slippage_bps: Some(assumed * 1.000_001), ..fill_message(&fill) };
            follows(&changed, &order, &observation).unwrap_err();
        }
    }
}

#[test]
fn an_event_that_came_before_the_order_could_be_fills_nothing() {
    let (seen, observation) = price();
    let served = fill_message(&fill_from_price(&entry(250), &seen, &costs()).unwrap());
    let early = Observation { received_time: at(250), ..observation };
    assert!(follows(&served, &entry(250), &early).is_err());
}
