use goat::event::Side;
use goat::values::Price;
use proptest::prelude::*;

use super::*;
use crate::core::fill::{Amount, Costs, Order, Purpose, SeenPrice, UncheckedCosts, fill_from_price};

const DAY_MILLIS: i64 = 86_400_000;

fn usd(dollars: f64) -> Usd {
    Usd::from_f64(dollars).unwrap()
}

fn sol() -> Symbol {
    Symbol::parse("SOL").unwrap()
}

/// Midnight of a day in UTC, and so many milliseconds more.
fn at(millis: i64) -> UnixMicros {
    UnixMicros::new((20_454 * DAY_MILLIS + millis) * 1000).unwrap()
}

fn key(number: u32) -> PositionKey {
    PositionKey { seq: Seq::new(7), ordinal: number }
}

/// A fill at exactly `price` with a fee of 10 basis points.
fn filled(side: Side, amount: Amount, price: f64, millis: i64) -> Fill {
    let costs = UncheckedCosts { taker_fee_bps: 10.0, slippage_bps: 0.0, minimum_fraction: 0.0 };
    let order = Order { side, purpose: Purpose::Entry, amount, decided_time: at(millis - 1), latency_ms: 0 };
    let seen = SeenPrice { seq: Seq::new(7), time: at(millis), price: Price::new(price).unwrap() };
    fill_from_price(&order, &seen, &Costs::new(costs).unwrap()).unwrap()
}

fn opened(side: PositionSide) -> Account {
    let mut account = Account::new(usd(10_000.0));
    let entry = if side == PositionSide::Long { Side::Buy } else { Side::Sell };
    let fill = filled(entry, Amount::Quantity(10.0), 100.0, 1000);
    account.open(key(0), sol(), side, &fill).unwrap();
    account
}

#[test]
fn a_long_gains_when_the_price_rises() {
    let mut account = opened(PositionSide::Long);
    assert_eq!((account.cash(), account.equity()), (usd(8999.0), usd(9999.0)));

    account.mark(sol(), Price::new(110.0).unwrap()).unwrap();
    assert_eq!((account.equity(), account.exposure()), (usd(10_099.0), usd(1100.0)));

    let closed = account.close(key(0), &filled(Side::Sell, Amount::Quantity(10.0), 105.0, 2000)).unwrap();
    assert_eq!((closed.realized_pnl, closed.fee, closed.left), (usd(50.0), usd(1.05), 0.0));
    assert_eq!((account.cash(), account.fees(), account.exposure()), (usd(10_047.95), usd(2.05), Usd::ZERO));
}

#[test]
fn a_short_ties_up_its_notional_and_gains_when_the_price_falls() {
    let mut account = opened(PositionSide::Short);
    assert_eq!((account.cash(), account.equity()), (usd(8999.0), usd(9999.0)));

    account.mark(sol(), Price::new(110.0).unwrap()).unwrap();
    assert_eq!((account.equity(), account.exposure()), (usd(9899.0), usd(1100.0)));

    account.close(key(0), &filled(Side::Buy, Amount::Quantity(10.0), 95.0, 2000)).unwrap();
    assert_eq!((account.cash(), account.realized_pnl()), (usd(10_048.05), usd(50.0)));
}

#[test]
fn a_position_is_closed_in_parts() {
    let mut account = opened(PositionSide::Long);

    let first = account.close(key(0), &filled(Side::Sell, Amount::Quantity(2.5), 104.0, 2000)).unwrap();
    assert_eq!((first.cost, first.realized_pnl, first.left), (usd(250.0), usd(10.0), 7.5));
    assert_eq!(account.unrealized_pnl(), Usd::ZERO);

    let rest = account.close(key(0), &filled(Side::Sell, Amount::Quantity(7.5), 104.0, 2000)).unwrap();
    assert_eq!((rest.cost, rest.realized_pnl, account.positions().len()), (usd(750.0), usd(30.0), 0));
}

#[test]
fn what_cannot_be_is_refused_and_leaves_the_account_as_it_was() {
    let mut account = opened(PositionSide::Long);
    let before = account.clone();
    let buy = |quantity| filled(Side::Buy, Amount::Quantity(quantity), 100.0, 1000);
    let sell = |quantity| filled(Side::Sell, Amount::Quantity(quantity), 100.0, 1000);

    let refused = [
        account.open(key(1), sol(), PositionSide::Long, &buy(89.99)).unwrap_err().to_string(),
        account.open(key(0), sol(), PositionSide::Long, &buy(1.0)).unwrap_err().to_string(),
        account.open(key(1), sol(), PositionSide::Short, &buy(1.0)).unwrap_err().to_string(),
        account.close(key(1), &sell(1.0)).unwrap_err().to_string(),
        account.close(key(0), &buy(1.0)).unwrap_err().to_string(),
        account.close(key(0), &sell(10.5)).unwrap_err().to_string(),
    ];

    assert_eq!(
        refused,
        [
            "the entry takes 9007.999 USD with its fee, cash is 8999.00 USD",
            "position 7.0 is already open",
            "the fill is on the wrong side for position 7.1",
            "position 7.1 is not open",
            "the fill is on the wrong side for position 7.0",
            "the fill is for 10.5 of base, the position holds 10",
        ]
    );
    assert_eq!(account, before);
}

#[test]
fn the_days_result_counts_fees_and_ends_at_midnight_in_utc() {
    let mut account = opened(PositionSide::Long);
    account.close(key(0), &filled(Side::Sell, Amount::Quantity(5.0), 98.0, 2000)).unwrap();
    assert_eq!(account.realized_on_day(at(DAY_MILLIS - 1)), usd(-10.0 - 1.0 - 0.49));
    assert_eq!(account.realized_on_day(at(DAY_MILLIS)), Usd::ZERO);

    account.close(key(0), &filled(Side::Sell, Amount::Quantity(5.0), 98.0, DAY_MILLIS + 1)).unwrap();
    assert_eq!(account.realized_on_day(at(DAY_MILLIS + 5)), usd(-10.0 - 0.49));
    assert_eq!(account.realized_pnl(), usd(-20.0));
}

/// A short that loses more than it set aside takes the rest out of cash, and nothing can be entered then.
#[test]
fn a_loss_beyond_the_collateral_is_shown_as_it_is() {
    let mut account = Account::new(usd(1001.0));
    let fill = filled(Side::Sell, Amount::Quantity(10.0), 100.0, 1000);
    account.open(key(0), sol(), PositionSide::Short, &fill).unwrap();

    account.close(key(0), &filled(Side::Buy, Amount::Quantity(10.0), 250.0, 2000)).unwrap();

    assert_eq!((account.cash(), account.equity()), (usd(-502.5), usd(-502.5)));
    let entry = filled(Side::Buy, Amount::Quantity(0.01), 100.0, 3000);
    assert!(matches!(account.open(key(1), sol(), PositionSide::Long, &entry), Err(Refused::Cash { .. })));
}

#[derive(Debug, Clone)]
enum Step {
    Open { key: u32, side: PositionSide, dollars: f64, price: f64 },
    Close { key: u32, part: f64, price: f64 },
    Mark(f64),
}

fn any_step() -> impl Strategy<Value = Step> {
    let side = prop_oneof![Just(PositionSide::Long), Just(PositionSide::Short)];
    let price = || 60.0_f64..180.0;
    prop_oneof![
        (0_u32..8, side, 1.0_f64..4000.0, price()).prop_map(|(key, side, dollars, price)| Step::Open {
            key,
            side,
            dollars,
            price
        }),
        (0_u32..8, prop_oneof![Just(1.0), 0.01_f64..1.0], price())
            .prop_map(|(key, part, price)| Step::Close { key, part, price }),
        price().prop_map(Step::Mark),
    ]
}

/// Does a step; true if the account let it.
fn perform(account: &mut Account, step: &Step, millis: i64) -> bool {
    match *step {
        Step::Open { key: number, side, dollars, price } => {
            let entry = if side == PositionSide::Long { Side::Buy } else { Side::Sell };
            let fill = filled(entry, Amount::Notional(usd(dollars)), price, millis);
            account.open(key(number), sol(), side, &fill).is_ok()
        }
        Step::Close { key: number, part, price } => {
            let Some(position) = account.positions().get(&key(number)) else { return false };
            let amount = Amount::Quantity(position.quantity() * part);
            account.close(key(number), &filled(position.exit_side(), amount, price, millis)).is_ok()
        }
        Step::Mark(price) => account.mark(sol(), Price::new(price).unwrap()).is_ok(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Equity − start = realized + unrealized − fees, to the millionth of a dollar, whatever happens; an entry never
    /// makes cash negative; the account survives as bytes.
    #[test]
    fn the_books_balance(steps in prop::collection::vec(any_step(), 1..80)) {
        let mut account = Account::new(usd(10_000.0));
        for (millis, step) in (1..).zip(&steps) {
            let before = account.clone();
            let is_done = perform(&mut account, step, millis * 3_600_000);

            let explained = account.realized_pnl() + account.unrealized_pnl() - account.fees();
            prop_assert_eq!(account.equity() - account.start(), explained);
            if let Step::Open { .. } = step && is_done {
                prop_assert!(!account.cash().is_negative());
            }
            prop_assert!(is_done || account == before);
        }
        let bytes = postcard::to_stdvec(&account).unwrap();
        prop_assert_eq!(postcard::from_bytes::<Account>(&bytes).unwrap(), account);
    }

    /// When all is closed, what there is is cash, and it is the start with all that was realized less all fees.
    #[test]
    fn closing_all_leaves_nothing_but_cash(steps in prop::collection::vec(any_step(), 1..60)) {
        let mut account = Account::new(usd(10_000.0));
        for (millis, step) in (1..).zip(&steps) {
            perform(&mut account, step, millis);
        }
        let open: Vec<_> = account.positions().keys().map(|key| key.ordinal).collect();
        for number in open {
            let is_done = perform(&mut account, &Step::Close { key: number, part: 1.0, price: 100.0 }, 100);
            prop_assert!(is_done);
        }

        prop_assert!(account.positions().is_empty());
        prop_assert_eq!(account.cash(), account.equity());
        prop_assert_eq!(account.cash(), account.start() + account.realized_pnl() - account.fees());
    }
}
