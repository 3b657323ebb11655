//! A stored fill is accepted as it is, and in no other way.

use super::*;

fn of_book(fill: &mut Fill) -> (&mut Vec<TakenLevel>, &mut Option<Beyond>) {
    match &mut fill.source {
        FillSource::Book { levels, beyond, .. } => (levels, beyond),
        FillSource::Price { .. } => panic!("priced without a book"),
    }
}

type Change = (&'static str, fn(&mut Fill));

/// A change of every field that both kinds of fills have, with the name of the first that gives it away.
const CHANGES: [Change; 14] = [
    ("quantity", |fill| fill.quantity = f64::next_up(fill.quantity)),
    ("average_price", |fill| fill.average_price = f64::next_down(fill.average_price)),
    ("notional", |fill| fill.notional += Usd::from_micros(1)),
    ("fee", |fill| fill.fee -= Usd::from_micros(1)),
    ("fee", |fill| fill.taker_fee_bps = 9.0),
    ("mid_price", |fill| fill.mid_price = None),
    ("mid_price", |fill| fill.mid_price = fill.mid_price.map(f64::next_up)),
    ("slippage_bps", |fill| fill.slippage_bps = fill.slippage_bps.map(f64::next_up)),
    ("unfilled", |fill| fill.unfilled = Some(Amount::Quantity(1.0))),
    ("due_time", |fill| fill.due_time = fill.due_time.plus(Duration::from_micros(1))),
    ("due_time", |fill| fill.order.latency_ms = 249),
    ("due_time", |fill| fill.order.decided_time = fill.order.decided_time.minus(Duration::from_micros(1))),
    ("filled_time", |fill| fill.filled_time = fill.filled_time.plus(Duration::from_micros(1))),
    ("fill", |fill| fill.order.latency_ms = 60_000),
];

const BOOK_CHANGES: [Change; 15] = [
    ("levels", |fill| fill.order.side = Side::Buy),
    ("beyond", |fill| fill.order.purpose = Purpose::Entry),
    ("beyond", |fill| fill.order.amount = Amount::Quantity(10.5)),
    ("seq", |fill| set_source(fill, |seq, _, _, _| *seq = Seq::new(8))),
    ("venue", |fill| set_source(fill, |_, venue, _, _| *venue = Venue::Bybit)),
    ("symbol", |fill| set_source(fill, |_, _, symbol, _| *symbol = Symbol::parse("BTCUSDT").unwrap())),
    ("update_id", |fill| set_source(fill, |_, _, _, update_id| *update_id += 1)),
    ("levels", |fill| of_book(fill).0[0].price += 0.1),
    ("levels", |fill| of_book(fill).0[1].displayed += 1.0),
    ("levels", |fill| of_book(fill).0[0].consumed_before = 0.0),
    ("levels", |fill| of_book(fill).0[2].taken = 3.0),
    ("levels", |fill| of_book(fill).0[2].left = 1.0),
    ("levels", |fill| of_book(fill).0.truncate(2)),
    ("beyond", |fill| *of_book(fill).1 = None),
    ("beyond", |fill| {
        let beyond = of_book(fill).1.as_mut().unwrap();
        beyond.slippage_bps = 40.0;
    }),
];

fn set_source(fill: &mut Fill, set: fn(&mut Seq, &mut Venue, &mut Symbol, &mut u64)) {
    match &mut fill.source {
        FillSource::Book { seq, venue, symbol, update_id, .. } => set(seq, venue, symbol, update_id),
        FillSource::Price { .. } => panic!("priced without a book"),
    }
}

fn assert_told(fill: &Fill, recorded: &Recorded<'_>, changes: &[Change]) {
    assert_eq!(recompute(fill, recorded), Ok(()));
    for (number, (field, change)) in changes.iter().enumerate() {
        let mut other = fill.clone();
        change(&mut other);
        let difference = recompute(&other, recorded).expect_err(&format!("change {number} of {field}"));
        assert_eq!(difference.field, *field, "change {number}: {difference}");
    }
}

#[test]
fn a_fill_from_a_book_is_recomputed_and_any_change_of_it_is_told() {
    let book = small_book();
    let mut consumption = Consumption::default();
    filled(&sell(0.4), &book, &mut consumption).unwrap();

    let fill = filled(&sell(10.0), &book, &mut consumption).unwrap();

    let recorded = Recorded::Book { seq: Seq::new(9), time: at(300), book: &book };
    assert_told(&fill, &recorded, &CHANGES);
    assert_told(&fill, &recorded, &BOOK_CHANGES);
}

/// What was taken before from the level where the order ended changes no price, but what is left there.
#[test]
fn earlier_fills_at_the_last_level_are_part_of_the_evidence() {
    let book = small_book();
    let fill = filled(&sell(1.5), &book, &mut Consumption::default()).unwrap();
    let recorded = Recorded::Book { seq: Seq::new(9), time: at(300), book: &book };

    assert_told(&fill, &recorded, &[("levels", |fill| of_book(fill).0[1].consumed_before = 0.25)]);
}

#[test]
fn a_fill_from_a_price_is_recomputed_and_any_change_of_it_is_told() {
    let price = SeenPrice { seq: Seq::new(9), time: at(300), price: Price::new(100.0).unwrap() };
    let fill = fill_from_price(&buy(1000), &price, &costs()).unwrap();

    let recorded = Recorded::Price { seq: price.seq, time: price.time, price: price.price };
    assert_told(&fill, &recorded, &CHANGES);
    assert_told(
        &fill,
        &recorded,
        &[
            ("quantity", |fill| fill.order.amount = Amount::Quantity(9.0)),
            ("quantity", |fill| {
                fill.source = FillSource::Price { seq: Seq::new(9), price: 100.0, slippage_bps: 40.0 };
            }),
            ("price", |fill| {
                fill.source = FillSource::Price { seq: Seq::new(9), price: 100.1, slippage_bps: 50.0 };
            }),
            ("seq", |fill| {
                fill.source = FillSource::Price { seq: Seq::new(8), price: 100.0, slippage_bps: 50.0 };
            }),
        ],
    );
}

#[test]
fn a_fill_is_not_explained_by_another_book_or_by_a_price() {
    let book = small_book();
    let fill = filled(&sell(2.0), &book, &mut Consumption::default()).unwrap();

    let mut other = small_book();
    other.bids = levels(&[(99.9, 1.0), (99.7, 2.0)]);
    let recorded = Recorded::Book { seq: Seq::new(9), time: at(300), book: &other };
    let difference = recompute(&fill, &recorded).unwrap_err();
    assert!(difference.to_string().starts_with("levels is [TakenLevel { price: 99.9"), "{difference}");

    let recorded = Recorded::Price { seq: Seq::new(9), time: at(300), price: Price::new(99.9).unwrap() };
    assert_eq!(recompute(&fill, &recorded).unwrap_err().field, "source");
}
