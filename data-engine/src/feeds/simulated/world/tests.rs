use proptest::prelude::*;

use super::*;

fn start() -> UnixMicros {
    UnixMicros::from_seconds(1_767_478_400).unwrap()
}

fn steps(world: &mut World, count: usize) -> Vec<Observation> {
    let mut observations = Vec::new();
    for _ in 0..count {
        world.step(&mut observations).unwrap();
    }
    observations
}

/// The prices of SOL of so many seconds, without the rest.
fn prices(seed: u64, seconds: usize) -> Vec<f64> {
    let mut world = World::new(seed, start());
    (0..seconds).map(|_| world.advance().published.sol).collect()
}

/// Closed cycles: each ends when the price falls from its peak by more than `percent`.
fn closed_cycles(prices: &[f64], percent: f64) -> usize {
    let (mut peak, mut closed) = (prices[0], 0);
    for price in prices {
        peak = peak.max(*price);
        if (peak - price) / peak * 100.0 > percent {
            closed += 1;
            peak = *price;
        }
    }
    closed
}

#[test]
fn the_first_observation_is_the_first_position_at_the_start() {
    let first = steps(&mut World::new(7, start()), 1);
    assert_eq!((first[0].source_position, first[0].event_time), (1, start()));
    assert!(matches!(first[0].payload, Payload::Price(_)));
}

#[test]
fn a_day_has_as_many_cycles_as_recorded_days() {
    for seed in 1..=12 {
        let prices = prices(seed, 86_400);
        let closed = closed_cycles(&prices, 0.20);
        let repeated = prices.windows(2).filter(|pair| pair[0].to_bits() == pair[1].to_bits()).count();
        eprintln!("seed {seed}: {closed} cycles, {repeated} repeated prices, last {}", prices[86_399]);
        assert!((60..=180).contains(&closed), "seed {seed}: {closed} closed cycles");
        assert!((69_000..75_000).contains(&repeated), "seed {seed}: {repeated} repeated prices");
    }
}

#[test]
fn trades_are_as_many_as_large_and_as_late_as_recorded() {
    let mut world = World::new(7, start());
    let mut trades: Vec<(f64, i32, bool)> = Vec::new();
    let mut movements = 0;
    for _ in 0..7_200 {
        let second = world.advance();
        movements += second.movements.len();
        for trade in second.trades {
            let observation = trade.observe(7, &world.wallets).unwrap();
            let Payload::Trade(trade) = &observation.payload else { panic!() };
            let latency = observation.received_time.millis_since(observation.event_time);
            trades.push((trade.stablecoin_amount.get(), latency, trade.side == goat::event::Side::Buy));
        }
    }
    let count = trades.len();
    let buys = trades.iter().filter(|trade| trade.2).count() * 100 / count;
    trades.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (median, largest) = (trades[count / 2].0, trades[count - 1].0);
    trades.sort_by_key(|trade| trade.1);
    let latency = trades[count / 2].1;
    eprintln!(
        "{count} trades, {buys} % buys, median {median}, largest {largest}, latency {latency} ms, {movements} whales"
    );

    assert!((2 * 7_200..4 * 7_200).contains(&count), "{count}");
    assert!((48..=58).contains(&buys) && (170.0..260.0).contains(&median) && largest > 15_000.0);
    assert!((2_400..2_800).contains(&latency) && trades[0].1 >= 1_000 && trades[count - 1].1 <= 4_000);
    assert!((1_200..1_700).contains(&movements));
}

#[test]
fn skilled_wallets_buy_before_rises() {
    use super::super::wallets::{Skill, skill};
    let mut world = World::new(7, start());
    let mut gains = [(0.0, 0_u32); 3];
    for _ in 0..21_600 {
        let (entry, exit) = (world.path.ahead(4).sol, world.path.ahead(100).sol);
        let mut drawn = Vec::new();
        trades::draw(7, world.number, world.next_second(), &world.path, &world.wallets, &mut drawn);
        for trade in drawn.iter().filter(|trade| trade.is_buy()) {
            let kind = match skill(trade.wallet()) {
                Skill::Edge => 0,
                Skill::None => 1,
                Skill::Inverse => 2,
            };
            gains[kind].0 += (exit / entry - 1.0) * 1e4;
            gains[kind].1 += 1;
        }
        world.advance();
    }
    let means = gains.map(|(sum, count)| sum / f64::from(count));
    eprintln!(
        "mean gain of a buy in basis points: edge, none, inverse {means:?}, buys {:?}",
        gains.map(|gain| gain.1)
    );
    assert!(means[0] > 5.0 && means[1].abs() < 2.0 && means[2] < -5.0, "{means:?}");
}

#[test]
fn books_are_never_crossed_and_follow_the_price() {
    let observations = steps(&mut World::new(7, start()), 120);
    let mut books = 0;
    let mut sol = 0.0;
    for observation in &observations {
        match &observation.payload {
            Payload::Price(price) if price.token.as_str() == "SOL" => sol = price.price.get(),
            Payload::Book(book) => {
                books += 1;
                assert_eq!((book.bids.len(), book.asks.len()), (20, 20));
                assert!(book.bids[0].price < book.asks[0].price);
                assert!(book.bids.windows(2).all(|pair| pair[0].price > pair[1].price));
                assert!(book.asks.windows(2).all(|pair| pair[0].price < pair[1].price));
                assert!(
                    book.symbol.as_str() != "SOLUSDT" || (book.features.mid_price / sol - 1.0).abs() < 0.01
                );
                let first_second = observation.event_time < start().plus(SECOND);
                assert_eq!(book.features.net_liquidity_change_1s.is_none(), first_second);
            }
            _ => {}
        }
    }
    assert_eq!(books, 120 * books::A_SECOND);
}

#[test]
fn closed_candles_are_contiguous() {
    let mut world = World::new(7, start());
    let mut open_times = Vec::new();
    for _ in 0..7_200 {
        let second = world.advance();
        for candle in &second.candles {
            let observation = candle.observe(7, second.moment.time).unwrap();
            let Payload::Candle(candle) = observation.payload else { panic!() };
            assert!(candle.low <= candle.open && candle.close <= candle.high);
            if candle.interval_seconds == 300 && candle.venue == goat::event::Venue::Binance {
                open_times.push(candle.open_time.get() / 1_000_000);
            }
        }
    }
    assert_eq!(open_times.len(), 23);
    assert!(open_times.windows(2).all(|pair| pair[1] - pair[0] == 300));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// The same seed and start give the same observations.
    #[test]
    fn a_world_is_determined_by_its_seed_and_start(seed: u64, micros in 0_i64..1_000_000) {
        let late = UnixMicros::new(start().get() + micros).unwrap();
        prop_assert_eq!(steps(&mut World::new(seed, start()), 30), steps(&mut World::new(seed, late), 30));
    }

    /// Seconds that are left out leave no trace in those that follow.
    #[test]
    fn skipping_equals_stepping(seed: u64, seconds in 0_usize..700) {
        let mut stepped = World::new(seed, start());
        steps(&mut stepped, seconds);
        let mut skipped = World::new(seed, start());
        skipped.skip_to(stepped.next_second());
        prop_assert_eq!(steps(&mut skipped, 3), steps(&mut stepped, 3));
    }

    /// A world goes on after any of its observations, also in the middle of a second.
    #[test]
    fn resuming_continues_exactly(seed: u64, position in 0_u64..900) {
        let all = steps(&mut World::new(seed, start()), 30);
        let mut resumed = World::new(seed, start());
        let mut rest = Vec::new();
        resumed.resume_after(position, &mut rest).unwrap();
        while rest.last().map_or(position, |last| last.source_position) < all.last().unwrap().source_position {
            resumed.step(&mut rest).unwrap();
        }
        prop_assert_eq!(&rest[..], &all[usize::try_from(position).unwrap()..]);
    }

    /// Positions count every observation, and arrivals never fall.
    #[test]
    fn positions_run_without_a_hole_in_order_of_arrival(seed: u64) {
        let all = steps(&mut World::new(seed, start()), 20);
        let positions: Vec<u64> = all.iter().map(|observation| observation.source_position).collect();
        prop_assert_eq!(positions, (1..=u64::try_from(all.len()).unwrap()).collect::<Vec<_>>());
        prop_assert!(all.is_sorted_by_key(|observation| observation.received_time));
    }
}
