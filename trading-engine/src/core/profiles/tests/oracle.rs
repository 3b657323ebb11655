//! The same rows, looked up in the whole log: no state, no order of work, nothing shared with the fold.

use std::collections::BTreeSet;
use std::time::Duration;

use goat::event::Side;
use goat::values::{Seq, UnixMicros};

use super::stream::{Event, THRESHOLDS, time};
use crate::core::cycles::{CycleId, Threshold};
use crate::core::gains::{Mark, Path};
use crate::core::profiles::{COPY_DELAYS_SECONDS, Limits, Moment, Profile, ProfileId, Purchase, TradeKey};

struct Cycle {
    start: Mark,
    end: Option<Mark>,
}

struct Buy {
    seq: Seq,
    time: UnixMicros,
    wallet: String,
    signature: String,
    perp: Option<goat::event::PositionSide>,
}

struct Log {
    ticks: Vec<Mark>,
    buys: Vec<Buy>,
    sells: Vec<(Seq, UnixMicros, String)>,
    /// The core's clock at each event.
    clock: Vec<UnixMicros>,
}

pub(super) fn rows(events: &[Event], limits: &Limits) -> Vec<Profile> {
    let log = read(events, limits);
    let mut rows = Vec::new();
    for hundredths in THRESHOLDS {
        let threshold = Threshold::from_hundredths(hundredths);
        let cycles = cycles(&log.ticks, threshold.percent());
        rows.extend(log.buys.iter().filter_map(|buy| row(&log, buy, threshold, &cycles, limits)));
    }
    rows
}

fn read(events: &[Event], limits: &Limits) -> Log {
    let mut log = Log { ticks: Vec::new(), buys: Vec::new(), sells: Vec::new(), clock: Vec::new() };
    let mut known = BTreeSet::new();
    for (number, event) in (1..).zip(events) {
        let seq = Seq::new(number);
        let (Event::Tick { now_ms, .. } | Event::Trade { now_ms, .. }) = event;
        log.clock.push(log.clock.last().map_or(time(*now_ms), |last| time(*now_ms).max(*last)));
        match event {
            Event::Tick { time_ms, price, .. } => {
                let latest = log.ticks.iter().map(|tick| tick.time).max().unwrap_or(time(*time_ms));
                log.ticks.push(Mark { seq, time: latest.max(time(*time_ms)), price: *price });
            }
            Event::Trade { time_ms, side: Side::Sell, wallet, .. } => {
                log.sells.push((seq, time(*time_ms), wallet.clone()));
            }
            Event::Trade { time_ms, side: Side::Buy, wallet, signature, perp, .. } => {
                let time = time(*time_ms);
                if is_covered(&log.ticks, time, limits) && known.insert((wallet, signature)) {
                    let (wallet, signature) = (wallet.clone(), signature.clone());
                    log.buys.push(Buy { seq, time, wallet, signature, perp: *perp });
                }
            }
        }
    }
    log
}

/// The ticks before the horizon are gone, but for the last of them.
fn is_covered(ticks: &[Mark], time: UnixMicros, limits: &Limits) -> bool {
    let Some(newest) = ticks.last() else { return false };
    let horizon = newest.time.minus(Duration::from_secs(limits.late_seconds.into()));
    let oldest = ticks.iter().rev().find(|tick| tick.time <= horizon).unwrap_or(&ticks[0]);
    oldest.time <= time
}

fn cycles(ticks: &[Mark], percent: f64) -> Vec<Cycle> {
    let mut cycles: Vec<Cycle> = Vec::new();
    let mut peak = 0.0_f64;
    for tick in ticks {
        peak = peak.max(tick.price);
        if cycles.is_empty() || (tick.price - peak) / peak * 100.0 <= -percent {
            if let Some(last) = cycles.last_mut() {
                last.end = Some(*tick);
            }
            cycles.push(Cycle { start: *tick, end: None });
            peak = tick.price;
        }
    }
    cycles
}

fn row(log: &Log, buy: &Buy, threshold: Threshold, cycles: &[Cycle], limits: &Limits) -> Option<Profile> {
    let holds =
        |cycle: &&Cycle| cycle.start.time <= buy.time && cycle.end.is_none_or(|end| buy.time < end.time);
    let holding: Vec<&Cycle> = cycles.iter().filter(holds).collect();
    assert_eq!(holding.len(), 1, "a trade lies in one cycle");
    let (start, end) = (holding[0].start, holding[0].end?);
    let entry = *log.ticks.iter().find(|tick| tick.time > buy.time)?;
    let path: Vec<Mark> =
        log.ticks.iter().copied().filter(|tick| (entry.seq..=end.seq).contains(&tick.seq)).collect();
    let first_at = |price: f64| *path.iter().find(|tick| tick.price.to_bits() == price.to_bits()).unwrap();
    let highest = path.iter().map(|tick| tick.price).fold(0.0, f64::max);
    let lowest = path.iter().map(|tick| tick.price).fold(f64::INFINITY, f64::min);
    let delayed = COPY_DELAYS_SECONDS.map(|seconds| {
        let after = buy.time.plus(Duration::from_secs(seconds.into()));
        path.iter().find(|tick| tick.time > after).map(|tick| tick.price)
    });
    let sells = log.sells.iter().filter(|(seq, time, wallet)| {
        (buy.seq..end.seq).contains(seq) && *time > buy.time && *time < end.time && *wallet == buy.wallet
    });
    let trade = TradeKey {
        signature: buy.signature.clone(),
        wallet: buy.wallet.clone(),
        stablecoin: "USDC".to_owned(),
    };
    Some(Profile {
        id: ProfileId { threshold, trade },
        trade: Purchase {
            seq: buy.seq,
            time: buy.time,
            price: 100.0,
            stablecoin_amount: 200.0,
            perp: buy.perp.map(Into::into),
        },
        cycle: CycleId { threshold, start_seq: start.seq },
        path: Path { entry, highest: first_at(highest), lowest: first_at(lowest) },
        end,
        delayed_prices: delayed,
        wallet_sold: sells
            .min_by_key(|(seq, time, _)| (*time, *seq))
            .map(|(seq, time, _)| Moment { seq: *seq, time: *time }),
        known_at: known_at(log, buy, end.seq.max(buy.seq), limits)?,
    })
}

/// The first event, from the one on that made the row whole, at which the wallet has bought three times in the window
/// and the trade lies in it.
fn known_at(log: &Log, buy: &Buy, whole: Seq, limits: &Limits) -> Option<Moment> {
    let window = Duration::from_secs(limits.window_seconds.into());
    let events = (1..).zip(&log.clock).map(|(number, now)| Moment { seq: Seq::new(number), time: *now });
    events.filter(|event| event.seq >= whole).find(|event| {
        let begins = event.time.minus(window);
        let counts =
            |other: &&Buy| other.wallet == buy.wallet && other.seq <= event.seq && other.time > begins;
        buy.time > begins && log.buys.iter().filter(counts).count() >= 3
    })
}
