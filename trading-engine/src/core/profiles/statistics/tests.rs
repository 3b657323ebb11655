#![allow(
    clippy::float_cmp,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

mod study;

use proptest::prelude::*;

use super::*;
use crate::core::cycles::CycleId;
use crate::core::gains::{Mark, Path};
use crate::core::profiles::{Moment, ProfileId, Purchase, TradeKey};

fn time(second: i64) -> UnixMicros {
    UnixMicros::from_seconds(1_767_000_000 + second).unwrap()
}

/// A row that gains that much at its cycle's end before costs; bought in its cycle's second, known a minute later.
fn row(wallet: &str, number: u32, cycle: u64, gain_percent: f64) -> Profile {
    let second = i64::try_from(cycle).unwrap() * 1000 + i64::from(number % 100);
    let mark = |after: i64, price: f64| Mark {
        seq: Seq::new(cycle + u64::try_from(after).unwrap()),
        time: time(second + after),
        price,
    };
    let entry = mark(1, 100.0);
    let end = mark(60, 100.0 + gain_percent);
    let (highest, lowest) = if gain_percent > 0.0 { (end, entry) } else { (entry, end) };
    let threshold = Threshold::from_hundredths(30);
    let trade = TradeKey {
        signature: format!("{number:06}"),
        wallet: wallet.to_owned(),
        stablecoin: "USDC".to_owned(),
    };
    Profile {
        id: ProfileId { threshold, trade },
        trade: Purchase {
            seq: Seq::new(cycle),
            time: time(second),
            price: 100.0,
            stablecoin_amount: 50.0,
            perp: None,
        },
        cycle: CycleId { threshold, start_seq: Seq::new(cycle) },
        path: Path { entry, highest, lowest },
        end,
        delayed_prices: [Some(100.0); COPY_DELAYS],
        wallet_sold: None,
        known_at: Moment { seq: end.seq, time: end.time },
    }
}

fn rows_of(wallet: &str, gains: &[f64]) -> Vec<Profile> {
    (1..).zip(gains).map(|(number, &gain)| row(wallet, number, number.into(), gain)).collect()
}

fn free() -> Parameters {
    Parameters { cost_bps: 0.0, ..Parameters::default() }
}

fn late() -> UnixMicros {
    time(100_000_000)
}

fn is_near(found: f64, expected: f64) -> bool {
    (found - expected).abs() < 1e-6
}

/// The values are those of R's `prop.test(…, correct = FALSE)`.
#[test]
fn the_interval_of_a_win_rate_is_wilsons() {
    for (wins, trials, low, high) in
        [(0, 10, 0.0, 0.277_533), (5, 10, 0.236_593, 0.763_407), (45, 50, 0.786_398, 0.956_524)]
    {
        let interval = wilson(wins, trials);
        assert!((interval.low - low).abs() < 1e-5 && (interval.high - high).abs() < 1e-5, "{interval:?}");
    }
    assert_eq!(wilson(0, 0), Interval { low: 0.0, high: 1.0 });
}

#[test]
fn the_figures_of_one_wallet_are_those_of_its_rows() {
    let mut rows = rows_of("A", &[0.4, -0.2, 0.1, 0.3]);
    rows[0].trade.perp = None;
    rows[3].delayed_prices[6] = None;
    rows[0].delayed_prices[6] = Some(100.2);

    let all = statistics(&rows, late(), &Parameters { cost_bps: 10.0, ..free() });
    let wallet = &all.wallets[0];

    assert_eq!((wallet.trades, wallet.cycles, wallet.wins), (4, 4, 2));
    assert!(is_near(wallet.mean_gain_percent, 0.05));
    assert!(is_near(wallet.standard_deviation_percent.unwrap(), (0.21_f64 / 3.0).sqrt()));
    assert!(is_near(wallet.mean_potential_gain_percent, 0.1));
    assert!(is_near(wallet.median_seconds_to_best, 59.0));
    assert_eq!((wallet.invested, wallet.last_seen), (200.0, rows[3].trade.time));
    let [first, second] = wallet.halves.unwrap();
    assert!(is_near(first.mean_gain_percent, 0.0) && is_near(second.mean_gain_percent, 0.1));
    let [now, .., minute] = wallet.copy_delays;
    assert!(is_near(now.mean_gain_percent.unwrap(), 0.05) && is_near(now.mean_lost_percent.unwrap(), 0.0));
    assert!(is_near(now.standard_error_percent.unwrap(), (0.21_f64 / 3.0).sqrt() / 2.0));
    assert_eq!((minute.seconds, minute.trades), (60, 3));
    assert!(is_near(minute.mean_lost_percent.unwrap(), (0.4 - 0.2 / 100.2 * 100.0) / 3.0));
    assert!(all.population.is_none() && wallet.shrunk.is_none());
}

#[test]
fn ten_trades_in_one_cycle_are_not_ten_observations() {
    let spread = rows_of("A", &[0.1, -0.1, 0.2, -0.2, 0.3, -0.3, 0.1, 0.2, 0.0, 0.1]);
    let in_one: Vec<_> = (1..=10).map(|number| row("B", number, 7, 0.1)).collect();

    let one = &statistics(&in_one, late(), &free()).wallets[0];
    let many = &statistics(&spread, late(), &free()).wallets[0];

    assert_eq!((one.cycles, one.halves, one.copy_delays[0].standard_error_percent), (1, None, None));
    assert!(many.halves.is_some() && many.copy_delays[0].standard_error_percent.is_some());
}

#[test]
fn nothing_that_became_known_later_counts() {
    let rows = rows_of("A", &[0.1, 0.2, 0.3]);
    let known = rows[1].known_at.time;

    let then = statistics(&rows, known, &free());
    let before = statistics(&rows, known.minus(std::time::Duration::from_micros(1)), &free());

    assert_eq!((then.wallets[0].trades, before.wallets[0].trades), (2, 1));
}

#[test]
fn a_wallet_with_few_trades_has_no_place_but_stays_in_the_table() {
    let mut rows = Vec::new();
    for (wallet, edge, trades) in
        [("good", 0.3, 40), ("even", 0.0, 40), ("bad", -0.3, 40), ("lucky", 5.0, 19), ("few", 0.0, 3)]
    {
        let gains: Vec<f64> = (0..trades).map(|number| edge + f64::from(number % 5 - 2) * 0.1).collect();
        rows.extend(rows_of(wallet, &gains));
    }

    let all = statistics(&rows, late(), &free());

    let ranked: Vec<_> =
        all.rank().into_iter().map(|(standing, wallet)| (standing, wallet.wallet.clone())).collect();
    let expected = [
        (Standing::Place(1), "good"),
        (Standing::Place(2), "even"),
        (Standing::Place(3), "bad"),
        (Standing::TooFewTrades, "lucky"),
        (Standing::TooFewTrades, "few"),
    ];
    assert_eq!(ranked, expected.map(|(standing, wallet)| (standing, wallet.to_owned())));

    let alone = statistics(&rows[..40], late(), &free());
    assert_eq!(alone.rank()[0].0, Standing::TooFewWallets);
}

/// Four wallets of equal size, computed by hand: `v = 0.01/2`, `Σ(x̄−m)² = 0.2`, `τ² = 0.2/3 − v`.
#[test]
fn a_mean_is_moved_towards_that_of_all_by_its_share_of_the_variance() {
    let deviation = 0.1 / 2.0_f64.sqrt();
    let mut rows = Vec::new();
    for (wallet, mean) in [("a", -0.3), ("b", -0.1), ("c", 0.1), ("d", 0.3)] {
        rows.extend(rows_of(wallet, &[mean - deviation, mean + deviation]));
    }

    let all = statistics(&rows, late(), &free());

    let population = all.population.unwrap();
    assert!(is_near(population.trade_deviation_percent, 0.1) && is_near(population.mean_percent, 0.0));
    assert!(is_near(population.spread_percent.powi(2), 0.2 / 3.0 - 0.005));
    let shrunk = all.wallets[3].shrunk.unwrap();
    let own_share = 1.0 - 0.005 / (0.2 / 3.0);
    assert!(is_near(shrunk.own_share, own_share) && is_near(shrunk.mean_percent, 0.3 * own_share));
}

/// Two halves that agree perfectly, and two that contradict one another.
#[test]
fn persistence_compares_the_halves_over_the_wallets() {
    let means = [-0.2, -0.1, 0.1, 0.2];
    let persistence_of = |sign: f64| {
        let mut rows = Vec::new();
        for (wallet, mean) in ["a", "b", "c", "d"].into_iter().zip(means) {
            let gains: Vec<f64> = (0..20).map(|at| if at < 10 { mean } else { sign * mean }).collect();
            rows.extend(rows_of(wallet, &gains));
        }
        statistics(&rows, late(), &free()).persistence.unwrap()
    };

    let (alike, opposed) = (persistence_of(1.0), persistence_of(-1.0));

    assert_eq!((alike.wallets, alike.same_sign, opposed.same_sign), (4, 4, 0));
    assert!(is_near(alike.correlation.unwrap(), 1.0) && is_near(opposed.correlation.unwrap(), -1.0));
}

proptest! {
    /// The order in which rows are given, and rows that are given twice, change nothing.
    #[test]
    fn rows_are_a_set(
        gains in prop::collection::vec((0_usize..6, -1.0_f64..1.0), 1..80),
        order in any::<u64>(),
    ) {
        let rows: Vec<Profile> = (1..)
            .zip(&gains)
            .map(|(number, &(wallet, gain))| row(&format!("wallet-{wallet}"), number, u64::from(number) / 3, gain))
            .collect();
        let mut shuffled: Vec<Profile> = rows.iter().chain(&rows[..rows.len() / 2]).cloned().collect();
        shuffled.sort_by_key(|row| (row.trade.seq.get() + 1).wrapping_mul(order | 1));

        let parameters = Parameters { trades_min: 5, ..free() };
        prop_assert_eq!(
            statistics(&rows, late(), &parameters),
            statistics(&shuffled, late(), &parameters)
        );
    }

    /// Rows that are known later change nothing as of before.
    #[test]
    fn what_becomes_known_later_changes_nothing_before(
        gains in prop::collection::vec((0_usize..6, -1.0_f64..1.0), 2..80),
        cut in 0.0_f64..1.0,
    ) {
        let rows: Vec<Profile> = (1..)
            .zip(&gains)
            .map(|(number, &(wallet, gain))| row(&format!("wallet-{wallet}"), number, number.into(), gain))
            .collect();
        let cut = (rows.len() as f64 * cut) as usize;
        let as_of = rows[cut].known_at.time;

        prop_assert_eq!(
            statistics(&rows, as_of, &free()),
            statistics(&rows[..=cut], as_of, &free())
        );
    }
}
