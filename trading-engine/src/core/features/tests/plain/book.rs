//! `ob_`.

use std::collections::BTreeMap;

use goat::event::{Payload, Venue};

use super::{Plain, all, mean, minutes, sum};

type BookFeatures = goat::wire::market::BookFeatures;

fn read(payload: &Payload) -> Option<&BookFeatures> {
    match payload {
        Payload::Book(book)
            if book.venue == Venue::Binance
                && book.symbol.as_str() == "SOLUSDT"
                && book.features.mid_price > 0.0 =>
        {
            Some(&book.features)
        }
        _ => None,
    }
}

pub(super) fn value(plain: &Plain<'_>, feature: &str, minute: usize) -> Option<f64> {
    let average = |minute: usize, of: fn(&BookFeatures) -> f64| {
        let books: Vec<f64> = all(plain.minute(minute, read))?.into_iter().map(of).collect();
        Some(mean(&books))
    };
    let mid = |minute: usize| Some(all(plain.minute(minute, read))?.last()?.mid_price);
    let mid_change = |lag: usize| Some((mid(minute)? / mid(minute + lag)? - 1.0) * 100.0);
    let bid = |minute| average(minute, |book| book.bid_depth_10);
    let ask = |minute| average(minute, |book| book.ask_depth_10);
    let total = |minute| average(minute, |book| book.bid_depth_10 + book.ask_depth_10);
    let imbalance = |minute| average(minute, |book| book.volume_imbalance);
    let deviation = |minute| average(minute, |book| book.microprice_deviation_bps);
    let net_flow = |minute: usize| {
        let changes = plain.minute(minute, |payload| read(payload)?.net_liquidity_change_1s);
        let last_of_each_second: BTreeMap<i64, f64> = changes.into_iter().collect();
        let changes: Vec<f64> = last_of_each_second.into_values().collect();
        (!changes.is_empty()).then(|| sum(&changes))
    };
    let slopes = |of: fn(&BookFeatures) -> f64| {
        let books = all(plain.minute(minute, read))?;
        let deep = books.into_iter().filter(|book| book.bid_slope != 0.0 && book.ask_slope != 0.0);
        let slopes: Vec<f64> = deep.map(of).collect();
        (!slopes.is_empty()).then(|| mean(&slopes).abs())
    };
    match feature {
        "mid_price" => mid(minute),
        "price_change_1m" => mid_change(1),
        "price_change_5m" => mid_change(5),
        "price_change_10m" => mid_change(10),
        "volume_imbalance" => imbalance(minute),
        "imbalance_shift_1m" => Some(imbalance(minute)? - imbalance(minute + 1)?),
        "imbalance_trend_3m" => Some(super::least_squares_slope(&minutes(minute, 3, imbalance)?)),
        "depth_imbalance_ratio" => Some(bid(minute)? / ask(minute)?),
        "bid_liquidity_share_pct" => Some(bid(minute)? / total(minute)? * 100.0),
        "ask_liquidity_share_pct" => Some(ask(minute)? / total(minute)? * 100.0),
        "depth_imbalance_pct" => Some((bid(minute)? - ask(minute)?) / total(minute)? * 100.0),
        "total_liquidity" => total(minute),
        "liquidity_change_3m" => Some((total(minute)? / total(minute + 3)? - 1.0) * 100.0),
        "microprice_deviation" => deviation(minute),
        "microprice_acceleration_2m" => Some(deviation(minute)? - deviation(minute + 2)?),
        "spread_bps" => average(minute, |book| book.spread_bps),
        "aggression_ratio" => Some(slopes(|book| book.bid_slope)? / slopes(|book| book.ask_slope)?),
        "vwap_spread_bps" => {
            let bid_vwap = average(minute, |book| book.bid_vwap_10)?;
            Some((average(minute, |book| book.ask_vwap_10)? / bid_vwap - 1.0) * 10_000.0)
        }
        "net_flow_1m" => net_flow(minute),
        "net_flow_5m" => Some(sum(&minutes(minute, 5, net_flow)?)),
        "net_flow_to_liquidity_ratio" => Some(net_flow(minute)? / total(minute)?),
        "sample_count" => Some(all(plain.minute(minute, read))?.len() as f64),
        "coverage_seconds" => {
            let seconds: BTreeMap<i64, &BookFeatures> = plain.minute(minute, read).into_iter().collect();
            (!seconds.is_empty()).then_some(seconds.len() as f64)
        }
        _ => panic!("the book's {feature} has no plain computation"),
    }
}
