use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn levels(pairs: &[(&str, &str)]) -> Vec<ExactLevel> {
    pairs.iter().map(|(price, quantity)| ExactLevel::parse(price, quantity).unwrap()).collect()
}

fn book(bids: &[(&str, &str)], asks: &[(&str, &str)]) -> OrderBook {
    let mut book = OrderBook::default();
    book.replace(&levels(bids), &levels(asks), None);
    book
}

fn prices(side: &[Level]) -> Vec<f64> {
    side.iter().map(|level| level.price.get()).collect()
}

#[test]
fn levels_are_set_and_a_quantity_of_zero_deletes() {
    let mut book = book(&[("99", "1"), ("98", "2")], &[("101", "1"), ("102", "2")]);

    book.apply(&levels(&[("98.5", "3"), ("99", "0"), ("50", "0")]), &levels(&[("101", "7.5")]));

    let (bids, asks) = book.top(20).unwrap();
    assert_eq!((prices(&bids), prices(&asks)), (vec![98.5, 98.0], vec![101.0, 102.0]));
    assert_eq!(asks[0].quantity.get(), 7.5);
    assert_eq!(book.depth(10), 3.0 + 2.0 + 7.5 + 2.0);
}

#[test]
fn a_book_is_crossed_when_a_bid_reaches_an_ask() {
    assert!(!book(&[("99", "1")], &[("100", "1")]).is_crossed());
    assert!(book(&[("100", "1")], &[("100.000", "1")]).is_crossed());
    assert!(book(&[("100.01", "1")], &[("100", "1")]).is_crossed());
    assert!(!book(&[], &[("100", "1")]).is_crossed());
    assert!(!book(&[], &[("100", "1")]).has_both_sides());
}

#[test]
fn a_price_of_zero_and_what_is_no_number_are_refused_by_name() {
    assert_eq!(
        ExactLevel::parse("0.00", "1").unwrap_err().to_string(),
        "price must be greater than zero, got 0.00"
    );
    assert_eq!(ExactLevel::parse("1", "x").unwrap_err().field, "quantity");
}

#[test]
fn levels_beyond_what_a_snapshot_showed_are_not_leaned_on() {
    let mut book = OrderBook::default();
    let asks = levels(&[("101", "1")]);
    book.replace(&levels(&[("99", "1"), ("98", "1"), ("97", "1")]), &asks, Some(3));
    assert!(!book.is_shallow(2));

    // Two remain that the snapshot showed; what lies between 96 and 97 is not known.
    book.apply(&levels(&[("99", "0"), ("96", "5")]), &[]);
    assert!(!book.is_shallow(2) && book.is_shallow(3));
}

#[test]
fn a_side_keeps_its_best_levels_and_knows_that_others_are_missing() {
    let many: Vec<ExactLevel> =
        (1..=LEVELS_MAX + 5).map(|price| ExactLevel::parse(&price.to_string(), "1").unwrap()).collect();
    let mut book = OrderBook::default();
    book.replace(&many, &[], None);

    assert_eq!(book.bids.levels.len(), LEVELS_MAX);
    assert_eq!(prices(&book.top(1).unwrap().0), [(LEVELS_MAX + 5) as f64]);
    assert_eq!(book.bids.horizon, Some(Fixed::parse("price", "6").unwrap()));
}

proptest! {
    /// Whatever changes come, a side is what a map of its prices would be, best first.
    #[test]
    fn a_side_is_a_sorted_map(changes in prop::collection::vec((1_u32..40, 0_u32..4), 0..200)) {
        let mut book = OrderBook::default();
        let mut map = BTreeMap::new();
        for (price, quantity) in changes {
            let level = ExactLevel::parse(&price.to_string(), &quantity.to_string()).unwrap();
            book.apply(&[level], &[level]);
            map.insert(price, quantity);
            map.retain(|_, quantity| *quantity > 0);
        }
        let ascending: Vec<f64> = map.keys().map(|price| f64::from(*price)).collect();
        let descending: Vec<f64> = ascending.iter().rev().copied().collect();
        let (bids, asks) = book.top(usize::MAX).unwrap();
        prop_assert_eq!(prices(&bids), descending);
        prop_assert_eq!(prices(&asks), ascending);
    }
}
