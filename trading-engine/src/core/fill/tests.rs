#![allow(clippy::float_cmp)]

mod evidence;
mod laws;

use goat::event::{BookSnapshot, Level};
use goat::values::{Price, Quantity};
use goat::wire::market::BookFeatures;

use super::*;

fn levels(levels: &[(f64, f64)]) -> Vec<Level> {
    let level = |&(price, quantity): &(f64, f64)| Level {
        price: Price::new(price).unwrap(),
        quantity: Quantity::new(quantity).unwrap(),
    };
    levels.iter().map(level).collect()
}

fn book(bids: &[(f64, f64)], asks: &[(f64, f64)]) -> BookSnapshot {
    BookSnapshot {
        symbol: Symbol::parse("SOLUSDT").unwrap(),
        venue: Venue::Binance,
        update_id: 77,
        bids: levels(bids),
        asks: levels(asks),
        features: BookFeatures::default(),
    }
}

/// Bids 99.9, 99.8, 99.5 and asks 100.1, 100.2, 100.5, of 1, 2 and 4 SOL.
fn small_book() -> BookSnapshot {
    book(&[(99.9, 1.0), (99.8, 2.0), (99.5, 4.0)], &[(100.1, 1.0), (100.2, 2.0), (100.5, 4.0)])
}

fn at(millis: i64) -> UnixMicros {
    UnixMicros::new(1_767_000_000_000_000 + millis * 1000).unwrap()
}

fn order(side: Side, purpose: Purpose, amount: Amount) -> Order {
    Order { side, purpose, amount, decided_time: at(0), latency_ms: 250 }
}

fn buy(dollars: i32) -> Order {
    order(Side::Buy, Purpose::Entry, Amount::Notional(Usd::from_dollars(dollars)))
}

fn sell(quantity: f64) -> Order {
    order(Side::Sell, Purpose::Exit, Amount::Quantity(quantity))
}

fn seen(book: &BookSnapshot) -> SeenBook<'_> {
    SeenBook { seq: Seq::new(9), time: at(300), book }
}

fn costs() -> Costs {
    Costs::new(UncheckedCosts { taker_fee_bps: 10.0, slippage_bps: 50.0, minimum_fraction: 0.5 }).unwrap()
}

fn filled(order: &Order, book: &BookSnapshot, consumption: &mut Consumption) -> Result<Fill, Refusal> {
    fill_from_book(order, &seen(book), &costs(), consumption)
}

fn taken(fill: &Fill) -> Vec<TakenLevel> {
    match &fill.source {
        FillSource::Book { levels, .. } => levels.clone(),
        FillSource::Price { .. } => Vec::new(),
    }
}

fn usd(dollars: f64) -> Usd {
    Usd::from_f64(dollars).unwrap()
}

#[test]
fn an_entry_walks_the_asks_and_pays_the_fee_on_top() {
    let book = small_book();

    let fill = filled(&buy(200), &book, &mut Consumption::default()).unwrap();

    // 1 SOL at 100.1, the other 99.90 USD at 100.2, rounded down to a hundred-millionth.
    assert_eq!(fill.quantity, 1.0 + 0.997_005_98);
    assert_eq!(fill.notional, usd(100.1 + 0.997_005_98 * 100.2));
    assert_eq!(fill.fee, usd(fill.notional.to_f64() * 0.001));
    assert_eq!((fill.mid_price, fill.unfilled), (Some(100.0), None));
    assert_eq!(fill.slippage_bps, Some((fill.average_price - 100.0) / 100.0 * 10_000.0));
    assert_eq!((fill.due_time, fill.filled_time), (at(250), at(300)));
    assert_eq!(taken(&fill)[1].left, 2.0 - 0.997_005_98);
}

#[test]
fn what_one_play_took_is_not_there_for_the_next() {
    let book = small_book();
    let mut consumption = Consumption::default();

    let first = filled(&buy(150), &book, &mut consumption).unwrap();
    let second = filled(&buy(150), &book, &mut consumption).unwrap();

    let (first, second) = (taken(&first), taken(&second));
    assert_eq!((second[0].taken, second[0].consumed_before), (0.0, 1.0));
    assert_eq!(second[1].consumed_before, first[1].taken);
    assert_eq!(consumption.levels(), 2);
}

#[test]
fn what_was_taken_is_forgotten_when_the_level_changes_or_goes() {
    let mut consumption = Consumption::default();
    filled(&buy(250), &small_book(), &mut consumption).unwrap();
    filled(&sell(0.5), &small_book(), &mut consumption).unwrap();
    assert_eq!(consumption.levels(), 3);

    let mut changed = small_book();
    changed.asks = levels(&[(100.1, 1.5), (100.2, 2.0), (100.5, 4.0)]);
    consumption.observe(&changed);
    assert_eq!(consumption.levels(), 2, "another quantity is another display");

    changed.asks = levels(&[(100.1, 1.5), (100.5, 4.0)]);
    consumption.observe(&changed);
    assert_eq!(consumption.levels(), 1, "a level that is gone gives nothing to remember");

    let other = BookSnapshot { venue: Venue::Bybit, bids: Vec::new(), ..changed };
    consumption.observe(&other);
    assert_eq!(consumption.levels(), 1, "another venue's book says nothing of this one");
}

#[test]
fn an_entry_is_cut_to_what_is_displayed_or_refused() {
    // 702.50 USD are displayed.
    let book = small_book();

    let cut = filled(&buy(1000), &book, &mut Consumption::default()).unwrap();
    assert_eq!((cut.quantity, cut.notional), (7.0, usd(702.5)));
    assert_eq!(cut.unfilled, Some(Amount::Notional(usd(297.5))));

    let mut consumption = Consumption::default();
    let refused = filled(&buy(2000), &book, &mut consumption).unwrap_err();
    assert_eq!(refused, Refusal::TooThin { available_fraction: 0.351_25, minimum_fraction: 0.5 });
    assert_eq!(consumption.levels(), 0, "nothing was taken");
}

#[test]
fn an_exit_is_filled_whole_at_the_worst_price_and_the_slippage() {
    let fill = filled(&sell(10.0), &small_book(), &mut Consumption::default()).unwrap();

    let FillSource::Book { beyond, .. } = &fill.source else { panic!("{fill:?}") };
    let price = 99.5 * (1.0 - 50.0 / 10_000.0);
    assert_eq!(*beyond, Some(Beyond { quantity: 3.0, price, slippage_bps: 50.0 }));
    assert_eq!((fill.quantity, fill.unfilled), (10.0, None));
    assert_eq!(fill.notional, usd(99.9 + 2.0 * 99.8 + 4.0 * 99.5 + 3.0 * price));
}

#[test]
fn nothing_fills_an_order_before_it_is_due_nor_at_that_moment() {
    let book = small_book();
    for (millis, is_filled) in [(249, false), (250, false), (251, true)] {
        let seen = SeenBook { time: at(millis), ..seen(&book) };
        let result = fill_from_book(&buy(100), &seen, &costs(), &mut Consumption::default());
        assert_eq!(result.is_ok(), is_filled, "{millis}");

        let price = SeenPrice { seq: Seq::new(9), time: at(millis), price: Price::new(100.0).unwrap() };
        assert_eq!(fill_from_price(&buy(100), &price, &costs()).is_ok(), is_filled, "{millis}");
    }
}

#[test]
fn an_order_that_can_get_nothing_is_refused() {
    let one_sided = book(&[(99.9, 1.0)], &[]);
    let refused = |order: &Order, book: &BookSnapshot| {
        let mut consumption = Consumption::default();
        filled(order, book, &mut consumption).unwrap_err()
    };

    assert_eq!(refused(&buy(100), &one_sided), Refusal::EmptyBook);
    assert_eq!(refused(&buy(0), &small_book()), Refusal::TooSmall);
    assert_eq!(refused(&buy(-5), &small_book()), Refusal::TooSmall);
    assert_eq!(refused(&sell(f64::NAN), &small_book()), Refusal::TooSmall);
    assert_eq!(refused(&sell(0.000_000_009), &small_book()), Refusal::TooSmall);

    let mut emptied = Consumption::default();
    filled(&buy(700), &small_book(), &mut emptied).unwrap();
    let entry = order(Side::Buy, Purpose::Entry, Amount::Quantity(7.0));
    assert!(matches!(filled(&entry, &small_book(), &mut emptied), Err(Refusal::TooThin { .. })));
    let without_asks = filled(&sell(0.5), &one_sided, &mut Consumption::default()).unwrap();
    assert_eq!((without_asks.mid_price, without_asks.slippage_bps), (None, None));
}

#[test]
fn without_a_book_the_price_stands_in_with_a_slippage() {
    let price = SeenPrice { seq: Seq::new(9), time: at(300), price: Price::new(100.0).unwrap() };

    let bought = fill_from_price(&buy(201), &price, &costs()).unwrap();
    let sold = fill_from_price(&sell(2.0), &price, &costs()).unwrap();

    assert_eq!((bought.quantity, bought.notional, bought.fee), (2.0, usd(201.0), usd(0.201)));
    assert_eq!((sold.notional, sold.fee), (usd(199.0), usd(0.199)));
    assert_eq!((bought.mid_price, sold.mid_price), (Some(100.0), Some(100.0)));
}

#[test]
fn costs_are_refused_with_the_field_and_the_value() {
    for (costs, message) in [
        (
            UncheckedCosts { taker_fee_bps: -1.0, ..UncheckedCosts::default() },
            "taker_fee_bps must be between 0 and 1000 basis points, got -1",
        ),
        (
            UncheckedCosts { slippage_bps: f64::NAN, ..UncheckedCosts::default() },
            "slippage_bps must be between 0 and 1000 basis points, got NaN",
        ),
        (
            UncheckedCosts { minimum_fraction: 1.5, ..UncheckedCosts::default() },
            "minimum_fraction must be between 0 and 1, got 1.5",
        ),
    ] {
        assert_eq!(Costs::new(costs).unwrap_err().to_string(), message);
        assert!(postcard::from_bytes::<Costs>(&postcard::to_stdvec(&costs).unwrap()).is_err());
    }
}
