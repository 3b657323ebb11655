//! `tx_`: all wallets' trades of SOL against stablecoins.

use super::{Feature, Group, Unit};
use crate::core::features::moment::Moment;
use crate::core::features::over_time::{percent, percent_over, ratio, shift, sum, surge, trend_3m};

const fn trades(
    name: &'static str,
    unit: Unit,
    formula: &'static str,
    compute: fn(&Moment, usize) -> Option<f64>,
) -> Feature {
    Feature::per_minute(name, Group::Transactions, unit, formula, compute)
}

/// Seconds in a minute: every minute is full.
const MINUTE_SECONDS: f64 = 60.0;

pub(super) const FEATURES: &[Feature] = &[
    trades(
        "tx_buy_sell_pressure",
        Unit::Ratio,
        "(SOL bought − SOL sold) / (SOL bought + SOL sold)",
        pressure,
    ),
    trades("tx_buy_volume_pct", Unit::Percent, "SOL bought / SOL traded × 100", |at, minute| {
        let trades = at.trades.get(minute)?;
        percent(trades.bought_sol, trades.sol())
    }),
    trades("tx_sell_volume_pct", Unit::Percent, "SOL sold / SOL traded × 100", |at, minute| {
        let trades = at.trades.get(minute)?;
        percent(trades.sold_sol, trades.sol())
    }),
    trades(
        "tx_pressure_shift_1m",
        Unit::Ratio,
        "buy_sell_pressure − buy_sell_pressure[1]",
        |at, minute| shift(minute, 1, |minute| pressure(at, minute)),
    ),
    trades(
        "tx_pressure_trend_3m",
        Unit::RatioPerMinute,
        "least-squares slope of buy_sell_pressure over minutes [0..2]",
        |at, minute| trend_3m(minute, |minute| pressure(at, minute)),
    ),
    trades(
        "tx_long_short_ratio",
        Unit::Ratio,
        "L / S: SOL traded by wallets with a long perpetual position over SOL traded by those with a short one",
        |at, minute| {
            let trades = at.trades.get(minute)?;
            ratio(trades.long_sol, trades.short_sol)
        },
    ),
    trades("tx_long_volume_pct", Unit::Percent, "L / (L + S) × 100", |at, minute| {
        Some(long_share(at, minute)? * 100.0)
    }),
    trades("tx_short_volume_pct", Unit::Percent, "S / (L + S) × 100", |at, minute| {
        let trades = at.trades.get(minute)?;
        percent(trades.short_sol, trades.perp_sol())
    }),
    trades("tx_perp_position_skew_pct", Unit::Percent, "(L − S) / (L + S) × 100", |at, minute| {
        let trades = at.trades.get(minute)?;
        percent(trades.long_sol - trades.short_sol, trades.perp_sol())
    }),
    trades("tx_long_ratio_shift_1m", Unit::Ratio, "L / (L + S) less that of minute [1]", |at, minute| {
        shift(minute, 1, |minute| long_share(at, minute))
    }),
    trades("tx_perp_dominance_pct", Unit::Percent, "(L + S) / SOL traded × 100", |at, minute| {
        let trades = at.trades.get(minute)?;
        percent(trades.perp_sol(), trades.sol())
    }),
    trades("tx_total_volume_usd", Unit::Usd, "Σ stablecoins", volume_usd),
    trades(
        "tx_volume_acceleration_ratio",
        Unit::Ratio,
        "total_volume_usd / total_volume_usd[1]",
        |at, minute| ratio(volume_usd(at, minute)?, volume_usd(at, minute + 1)?),
    ),
    trades(
        "tx_volume_surge_ratio",
        Unit::Ratio,
        "total_volume_usd / mean of total_volume_usd[1..5]",
        |at, minute| surge(minute, |minute| volume_usd(at, minute)),
    ),
    trades(
        "tx_whale_volume_pct",
        Unit::Percent,
        "Σ stablecoins of trades above 10,000 USD / total_volume_usd × 100",
        |at, minute| {
            let trades = at.trades.get(minute)?;
            percent(trades.large_usd, trades.usd)
        },
    ),
    trades("tx_avg_trade_size", Unit::Usd, "total_volume_usd / trade_count", |at, minute| {
        let trades = at.trades.get(minute)?;
        ratio(trades.usd, f64::from(trades.count()))
    }),
    trades("tx_trades_per_second", Unit::PerSecond, "trade_count / 60", |at, minute| {
        Some(f64::from(at.trades.get(minute)?.count()) / MINUTE_SECONDS)
    }),
    trades("tx_buy_trade_pct", Unit::Percent, "buys / trade_count × 100", |at, minute| {
        let trades = at.trades.get(minute)?;
        percent(f64::from(trades.buys), f64::from(trades.count()))
    }),
    trades(
        "tx_price_change_1m",
        Unit::Percent,
        "(last price − first price) / first price × 100, of the trades",
        |at, minute| {
            let prices = &at.trades.get(minute)?.prices;
            percent_over(prices.close, prices.open)
        },
    ),
    trades(
        "tx_price_volatility_pct",
        Unit::Percent,
        "(highest price − lowest price) / mean price × 100, of the trades",
        |at, minute| {
            let prices = &at.trades.get(minute)?.prices;
            percent(prices.high - prices.low, prices.mean)
        },
    ),
    trades(
        "tx_cumulative_buy_flow_5m",
        Unit::Sol,
        "Σ (SOL bought − SOL sold) over minutes [0..4]",
        |at, minute| {
            sum(minute, 5, |minute| {
                let trades = at.trades.get(minute)?;
                Some(trades.bought_sol - trades.sold_sol)
            })
        },
    ),
    trades("tx_trade_count", Unit::Count, "trades", |at, minute| {
        Some(f64::from(at.trades.get(minute)?.count()))
    }),
    trades("tx_large_trade_count", Unit::Count, "trades above 10,000 USD", |at, minute| {
        Some(f64::from(at.trades.get(minute)?.large))
    }),
    trades("tx_vwap", Unit::Usd, "total_volume_usd / SOL traded", |at, minute| {
        let trades = at.trades.get(minute)?;
        ratio(trades.usd, trades.sol())
    }),
];

fn pressure(at: &Moment, minute: usize) -> Option<f64> {
    let trades = at.trades.get(minute)?;
    ratio(trades.bought_sol - trades.sold_sol, trades.sol())
}

fn long_share(at: &Moment, minute: usize) -> Option<f64> {
    let trades = at.trades.get(minute)?;
    ratio(trades.long_sol, trades.perp_sol())
}

fn volume_usd(at: &Moment, minute: usize) -> Option<f64> {
    Some(at.trades.get(minute)?.usd)
}
