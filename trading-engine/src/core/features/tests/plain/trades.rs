//! `tx_`.

use goat::event::{Payload, PositionSide, Side, WalletTrade};

use super::{Plain, all, max, mean, min, minutes, sum};

pub(super) fn value(plain: &Plain<'_>, feature: &str, minute: usize) -> Option<f64> {
    let trades = |minute: usize| {
        all(plain.minute(minute, |payload| match payload {
            Payload::Trade(trade) => Some(trade.as_ref()),
            _ => None,
        }))
    };
    let sol_where = |minute: usize, is: &dyn Fn(&WalletTrade) -> bool| {
        let chosen: Vec<f64> = trades(minute)?
            .into_iter()
            .filter(|trade| is(trade))
            .map(|trade| trade.sol_amount.get())
            .collect();
        Some(sum(&chosen))
    };
    let bought = |minute| sol_where(minute, &|trade| trade.side == Side::Buy);
    let sold = |minute| sol_where(minute, &|trade| trade.side == Side::Sell);
    let long = |minute| sol_where(minute, &|trade| trade.perp.side == Some(PositionSide::Long));
    let short = |minute| sol_where(minute, &|trade| trade.perp.side == Some(PositionSide::Short));
    let sol = |minute| sol_where(minute, &|_| true);
    let usd = |minute: usize| {
        let usd: Vec<f64> = trades(minute)?.iter().map(|trade| trade.stablecoin_amount.get()).collect();
        Some(sum(&usd))
    };
    let pressure = |minute| Some((bought(minute)? - sold(minute)?) / sol(minute)?);
    let long_share = |minute| {
        let (long, short) = (long(minute)?, short(minute)?);
        Some(long / (long + short)).filter(|share| share.is_finite())
    };
    let now = trades(minute)?;
    let count = now.len() as f64;
    let prices: Vec<f64> = now.iter().map(|trade| trade.price.get()).collect();
    let large: Vec<f64> =
        now.iter().map(|trade| trade.stablecoin_amount.get()).filter(|usd| *usd > 10_000.0).collect();
    match feature {
        "buy_sell_pressure" => pressure(minute),
        "buy_volume_pct" => Some(bought(minute)? / sol(minute)? * 100.0),
        "sell_volume_pct" => Some(sold(minute)? / sol(minute)? * 100.0),
        "pressure_shift_1m" => Some(pressure(minute)? - pressure(minute + 1)?),
        "pressure_trend_3m" => Some(super::least_squares_slope(&minutes(minute, 3, pressure)?)),
        "long_short_ratio" => Some(long(minute)? / short(minute)?),
        "long_volume_pct" => Some(long_share(minute)? * 100.0),
        "short_volume_pct" => Some((1.0 - long_share(minute)?) * 100.0),
        "perp_position_skew_pct" => Some((2.0 * long_share(minute)? - 1.0) * 100.0),
        "long_ratio_shift_1m" => Some(long_share(minute)? - long_share(minute + 1)?),
        "perp_dominance_pct" => Some((long(minute)? + short(minute)?) / sol(minute)? * 100.0),
        "total_volume_usd" => usd(minute),
        "volume_acceleration_ratio" => Some(usd(minute)? / usd(minute + 1)?),
        "volume_surge_ratio" => Some(usd(minute)? / mean(&minutes(minute + 1, 5, usd)?)),
        "whale_volume_pct" => Some(sum(&large) / usd(minute)? * 100.0),
        "avg_trade_size" => Some(usd(minute)? / count),
        "trades_per_second" => Some(count / 60.0),
        "buy_trade_pct" => {
            Some(now.iter().filter(|trade| trade.side == Side::Buy).count() as f64 / count * 100.0)
        }
        "price_change_1m" => Some((prices[prices.len() - 1] / prices[0] - 1.0) * 100.0),
        "price_volatility_pct" => Some((max(&prices) - min(&prices)) / mean(&prices) * 100.0),
        "cumulative_buy_flow_5m" => {
            Some(sum(&minutes(minute, 5, |minute| Some(bought(minute)? - sold(minute)?))?))
        }
        "trade_count" => Some(count),
        "large_trade_count" => Some(large.len() as f64),
        "vwap" => Some(usd(minute)? / sol(minute)?),
        _ => panic!("the trades' {feature} has no plain computation"),
    }
}
