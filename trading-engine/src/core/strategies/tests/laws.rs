//! What holds for every market.

use goat::values::{Seq, UnixMicros};
use proptest::prelude::*;

use super::script::{INTERVAL, START, candle, plan, time};
use crate::core::desk::Now;
use crate::core::money::Usd;
use crate::core::strategies::{Report, STRATEGIES, Strategies};

#[derive(Debug, Clone)]
enum Event {
    Candle { number: i64, prices: [f64; 4], received: UnixMicros },
    Price { price: f64, received: UnixMicros },
}

/// Candles of a walk, some missing, late or twice, with prices between some of them.
fn events() -> impl Strategy<Value = Vec<Event>> {
    let bar =
        (-1.5..1.5_f64, 0.0..1.5_f64, 0.0..1.5_f64, 0_u8..20, prop::collection::vec(-2.0..2.0_f64, 0..4));
    prop::collection::vec(bar, 60..160).prop_map(|bars| {
        let mut events = Vec::new();
        let mut last = 100.0_f64;
        for (number, (change, above, below, fate, prices)) in (0_i64..).zip(bars) {
            let close = (last * (1.0 + change / 100.0)).max(1.0);
            let end = START + (number + 1) * INTERVAL;
            for (place, percent) in (1_i64..).zip(&prices) {
                let received = time(end - INTERVAL + place * INTERVAL / 5);
                events.push(Event::Price { price: last * (1.0 + percent / 100.0), received });
            }
            let high = last.max(close) * (1.0 + above / 100.0);
            let low = last.min(close) * (1.0 - below / 100.0);
            let late = if fate == 1 { INTERVAL } else { 100_000 };
            let candle =
                Event::Candle { number, prices: [last, high, low, close], received: time(end + late) };
            if fate == 2 {
                events.push(candle.clone());
            }
            if fate != 3 {
                events.push(candle);
            }
            last = close;
        }
        events
    })
}

fn configured() -> Strategies {
    let plans: Vec<_> = STRATEGIES.iter().map(|strategy| plan(strategy.name())).collect();
    let mut strategies = Strategies::default();
    strategies.configure(&plans, &mut Vec::new());
    strategies
}

fn fold(strategies: &mut Strategies, seq: usize, clock: &mut UnixMicros, event: &Event) -> Vec<Report> {
    let (Event::Candle { received, .. } | Event::Price { received, .. }) = event;
    *clock = (*received).max(*clock);
    let now = Now { seq: Seq::new(seq as u64 + 1), time: *clock };
    let mut reports = Vec::new();
    match event {
        Event::Candle { number, prices, .. } => {
            strategies.fold_candle(now, &candle(*number, *prices), true, &mut reports);
        }
        Event::Price { price, .. } => {
            for instance in &mut strategies.instances {
                instance.fold_price(now, *price, &mut reports);
            }
        }
    }
    reports
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_restart_anywhere_changes_nothing(events in events(), at in 0_usize..160) {
        let (mut through, mut restarted) = (configured(), configured());
        let (mut clock, mut other) = (UnixMicros::default(), UnixMicros::default());
        for (number, event) in events.iter().enumerate() {
            if number == at {
                let bytes = postcard::to_stdvec(&restarted).unwrap();
                restarted = postcard::from_bytes(&bytes).unwrap();
            }
            let reports = fold(&mut through, number, &mut clock, event);
            prop_assert_eq!(reports, fold(&mut restarted, number, &mut other, event));
        }
        prop_assert_eq!(postcard::to_stdvec(&through).unwrap(), postcard::to_stdvec(&restarted).unwrap());
    }

    /// As a cold start takes them over: read once more, what was before changes nothing.
    #[test]
    fn what_is_read_again_after_a_cold_start_changes_nothing(events in events(), at in 0_usize..160, back in 0_usize..60) {
        let (mut through, mut carried) = (configured(), configured());
        let (mut clock, mut other) = (UnixMicros::default(), UnixMicros::default());
        for (number, event) in events.iter().enumerate() {
            if number == at {
                let document = serde_json::to_string(carried.instances()).unwrap();
                carried = Strategies::default();
                carried.carry(serde_json::from_str(&document).unwrap());
                other = UnixMicros::default();
                for (number, event) in events.iter().enumerate().take(at).skip(at.saturating_sub(back)) {
                    let again = fold(&mut carried, number, &mut other, event);
                    prop_assert!(again.iter().all(|report| matches!(report, Report::State(_))), "{again:?}");
                }
                other = clock;
            }
            let reports = fold(&mut through, number, &mut clock, event);
            let told = |reports: Vec<Report>| -> Vec<Report> {
                reports.into_iter().filter(|report| !matches!(report, Report::State(_))).collect()
            };
            prop_assert_eq!(told(reports), told(fold(&mut carried, number, &mut other, event)));
        }
    }

    #[test]
    fn equity_is_explained_to_the_cent_and_no_fill_is_older_than_its_decision(events in events()) {
        let mut strategies = configured();
        let mut clock = UnixMicros::default();
        let mut made = vec![Usd::ZERO; STRATEGIES.len()];
        for (number, event) in events.iter().enumerate() {
            for report in fold(&mut strategies, number, &mut clock, event) {
                let Report::Trade(trade) = report else { continue };
                for fill in [&trade.entry, &trade.exit] {
                    prop_assert!(fill.filled_time > fill.due_time);
                    prop_assert!(fill.due_time > fill.order.decided_time);
                }
                prop_assert!(trade.opened_at() <= trade.closed_at() && trade.opened_seq < trade.closed_seq);
                prop_assert_eq!(trade.profit, trade.gross_profit - trade.fees);
                let at = strategies.instances().iter().position(|one| one.id() == trade.instance).unwrap();
                made[at] += trade.profit;
            }
            for (instance, made) in strategies.instances().iter().zip(&made) {
                let account = instance.account();
                prop_assert_eq!(account.imbalance(), Usd::ZERO);
                if instance.holding().is_none() {
                    prop_assert_eq!(account.equity() - account.start(), *made);
                }
            }
        }
    }
}
