//! What holds for all books and all orders.

use proptest::prelude::*;

use super::*;
use crate::core::fill::grid::{floor_units, from_units};

/// Books of up to 20 levels a side around 100, with quantities as venues have them: a few decimals.
fn any_book() -> impl Strategy<Value = BookSnapshot> {
    let side = || prop::collection::vec((1_u32..20, 1_u32..50_000), 1..20);
    (side(), side()).prop_map(|(bids, asks)| {
        let stacked = |levels: &[(u32, u32)], sign: f64| -> Vec<(f64, f64)> {
            let mut cents = 0;
            let level = levels.iter().map(|&(step, quantity)| {
                cents += step;
                (100.0 + sign * f64::from(cents) / 100.0, f64::from(quantity) / 1000.0)
            });
            level.collect()
        };
        book(&stacked(&bids, -1.0), &stacked(&asks, 1.0))
    })
}

fn any_order() -> impl Strategy<Value = Order> {
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    let purpose = prop_oneof![Just(Purpose::Entry), Just(Purpose::Exit)];
    let notional = (1.0_f64..60_000.0).prop_map(|dollars| Amount::Notional(usd(dollars)));
    let quantity = (0.001_f64..600.0).prop_map(Amount::Quantity);
    (side, purpose, prop_oneof![notional, quantity])
        .prop_map(|(side, purpose, amount)| order(side, purpose, amount))
}

fn beyond(fill: &Fill) -> Option<Beyond> {
    match &fill.source {
        FillSource::Book { beyond, .. } => *beyond,
        FillSource::Price { .. } => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// What was taken adds up to the quantity, exactly, and at its prices to the notional, rounded once. No order gets
    /// more than it asked for, no level gives more than it shows, and one that asked for less is filled whole.
    #[test]
    fn what_is_taken_adds_up(book in any_book(), order in any_order()) {
        let Ok(fill) = filled(&order, &book, &mut Consumption::default()) else { return Ok(()) };
        let levels = taken(&fill);

        let beyond_units = beyond(&fill).map_or(0, |beyond| floor_units(beyond.quantity));
        let units: u64 = levels.iter().map(|level| floor_units(level.taken)).sum();
        prop_assert_eq!(from_units(units + beyond_units), fill.quantity);
        let beyond_value = beyond(&fill).map_or(0.0, |beyond| beyond.quantity * beyond.price);
        let value: f64 = levels.iter().map(|level| level.taken * level.price).sum();
        prop_assert!((value + beyond_value - fill.notional.to_f64()).abs() <= 1e-6);

        for level in &levels {
            prop_assert!(level.taken + level.consumed_before <= level.displayed);
        }
        match order.amount {
            Amount::Notional(asked) => prop_assert!(fill.notional <= asked),
            Amount::Quantity(asked) => prop_assert!(fill.quantity <= asked),
        }
        let lost = match (order.amount, fill.unfilled) {
            (Amount::Notional(asked), None) => (asked - fill.notional).to_f64(),
            (Amount::Quantity(asked), None) => (asked - fill.quantity) * 100.0,
            (Amount::Notional(asked), Some(Amount::Notional(rest))) => (asked - fill.notional - rest).to_f64(),
            (Amount::Quantity(asked), Some(Amount::Quantity(rest))) => (asked - fill.quantity - rest) * 100.0,
            other => panic!("{other:?}"),
        };
        prop_assert!(lost.abs() < 3e-6, "{}", lost);
        prop_assert!(order.purpose == Purpose::Entry || fill.unfilled.is_none());
    }

    /// A larger order never gets a better average price, and no order a better one than the best displayed.
    #[test]
    fn a_larger_order_is_never_cheaper(book in any_book(), order in any_order(), factor in 1.0_f64..20.0) {
        let larger = Order {
            amount: match order.amount {
                Amount::Notional(notional) => Amount::Notional(usd(notional.to_f64() * factor)),
                Amount::Quantity(quantity) => Amount::Quantity(quantity * factor),
            },
            ..order
        };
        let small = filled(&order, &book, &mut Consumption::default());
        let large = filled(&larger, &book, &mut Consumption::default());
        let (Ok(small), Ok(large)) = (small, large) else { return Ok(()) };

        let sign = if order.side == Side::Buy { 1.0 } else { -1.0 };
        let rounding = 1e-9;
        prop_assert!(sign * (large.average_price - small.average_price) >= -rounding);
        prop_assert!(sign * (small.average_price - taken(&small)[0].price) >= -rounding);
        prop_assert!(small.slippage_bps.unwrap() >= 0.0);
    }

    /// However many plays take from one display, together they get no more than it shows; each fill can be
    /// recomputed from the book and what it stores.
    #[test]
    fn together_no_more_is_taken_than_is_displayed(
        book in any_book(),
        orders in prop::collection::vec(any_order(), 1..12),
    ) {
        let mut consumption = Consumption::default();
        let fills: Vec<_> =
            orders.iter().filter_map(|order| filled(order, &book, &mut consumption).ok()).collect();

        for (shown, side) in [(&book.asks, Side::Buy), (&book.bids, Side::Sell)] {
            let of_side = fills.iter().filter(|fill| fill.order.side == side);
            let all: Vec<_> = of_side.flat_map(taken).collect();
            for level in shown {
                let here = all.iter().filter(|taken| taken.price == level.price.get());
                let units: u64 = here.map(|taken| floor_units(taken.taken)).sum();
                prop_assert!(units <= floor_units(level.quantity.get()));
                prop_assert_eq!(units, consumption.units(&book, side, level));
            }
        }
        let recorded = Recorded::Book { seq: Seq::new(9), time: at(300), book: &book };
        for fill in &fills {
            prop_assert_eq!(recompute(fill, &recorded), Ok(()));
            let read: Fill = postcard::from_bytes(&postcard::to_stdvec(fill).unwrap()).unwrap();
            prop_assert_eq!(recompute(&read, &recorded), Ok(()));
        }
        let bytes = postcard::to_stdvec(&consumption).unwrap();
        prop_assert_eq!(postcard::from_bytes::<Consumption>(&bytes).unwrap(), consumption);
    }

    /// Units are never more than the quantity that they come from, and come back from their own.
    #[test]
    fn units_are_rounded_down(quantity in 0.0_f64..1e7) {
        let units = floor_units(quantity);

        prop_assert!(from_units(units) <= quantity && quantity < from_units(units + 2));
        prop_assert_eq!(floor_units(from_units(units)), units);
    }
}
