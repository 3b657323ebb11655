//! `wh_`: movements of large wallets. I is the SOL that flowed into them, O the SOL that flowed out, T = I + O.

use super::{Feature, Group, Unit};
use crate::core::features::moment::Moment;
use crate::core::features::over_time::{percent, percent_change, ratio, shift, sum, surge, trend_3m};
use crate::core::features::whales::Movements;

const fn whales(
    name: &'static str,
    unit: Unit,
    formula: &'static str,
    compute: fn(&Moment, usize) -> Option<f64>,
) -> Feature {
    Feature::per_minute(name, Group::Whales, unit, formula, compute)
}

pub(super) const FEATURES: &[Feature] = &[
    whales("wh_net_flow_ratio", Unit::Ratio, "(I − O) / T", net_flow_ratio),
    whales("wh_flow_shift_1m", Unit::Ratio, "net_flow_ratio − net_flow_ratio[1]", |at, minute| {
        shift(minute, 1, |minute| net_flow_ratio(at, minute))
    }),
    whales(
        "wh_flow_trend_3m",
        Unit::RatioPerMinute,
        "least-squares slope of net_flow_ratio over minutes [0..2]",
        |at, minute| trend_3m(minute, |minute| net_flow_ratio(at, minute)),
    ),
    whales("wh_accumulation_ratio", Unit::Ratio, "I / O", |at, minute| {
        let whales = at.whales.get(minute)?;
        ratio(whales.inflow_sol, whales.outflow_sol)
    }),
    whales(
        "wh_strong_accumulation",
        Unit::Sol,
        "SOL of inflows of more than 5 % of the wallet",
        |at, minute| Some(at.whales.get(minute)?.strong_inflow_sol),
    ),
    whales(
        "wh_strong_distribution",
        Unit::Sol,
        "SOL of outflows of more than 5 % of the wallet",
        |at, minute| Some(at.whales.get(minute)?.strong_outflow_sol),
    ),
    whales("wh_cumulative_flow_5m", Unit::Sol, "Σ (I − O) over minutes [0..4]", |at, minute| {
        sum(minute, 5, |minute| at.whales.get(minute).map(Movements::net_sol))
    }),
    whales("wh_total_sol_moved", Unit::Sol, "T", |at, minute| at.whales.get(minute).map(Movements::sol)),
    whales("wh_inflow_share_pct", Unit::Percent, "I / T × 100", |at, minute| {
        percent_of_moved(at, minute, |whales| whales.inflow_sol)
    }),
    whales("wh_outflow_share_pct", Unit::Percent, "O / T × 100", |at, minute| {
        percent_of_moved(at, minute, |whales| whales.outflow_sol)
    }),
    whales("wh_net_flow_strength_pct", Unit::Percent, "(I − O) / T × 100", |at, minute| {
        percent_of_moved(at, minute, Movements::net_sol)
    }),
    whales("wh_strong_accumulation_pct", Unit::Percent, "strong_accumulation / T × 100", |at, minute| {
        percent_of_moved(at, minute, |whales| whales.strong_inflow_sol)
    }),
    whales("wh_strong_distribution_pct", Unit::Percent, "strong_distribution / T × 100", |at, minute| {
        percent_of_moved(at, minute, |whales| whales.strong_outflow_sol)
    }),
    whales(
        "wh_activity_surge_ratio",
        Unit::Ratio,
        "movement_count / mean of movement_count[1..5]",
        |at, minute| surge(minute, |minute| movements(at, minute)),
    ),
    whales("wh_movement_count", Unit::Count, "movements", movements),
    whales(
        "wh_massive_move_pct",
        Unit::Percent,
        "SOL of movements of more than 10 % of the wallet / T × 100",
        |at, minute| percent_of_moved(at, minute, |whales| whales.massive_sol),
    ),
    whales(
        "wh_avg_wallet_pct_moved",
        Unit::Percent,
        "mean share of its wallet that a movement is, of those with a known share",
        |at, minute| at.whales.get(minute)?.mean_share_percent(),
    ),
    whales(
        "wh_largest_move_dominance",
        Unit::Ratio,
        "max_move_size / T: 1 when one movement is all",
        |at, minute| {
            let whales = at.whales.get(minute)?;
            ratio(whales.largest_sol, whales.sol())
        },
    ),
    whales(
        "wh_distribution_pressure_pct",
        Unit::Percent,
        "(strong_distribution − strong_accumulation) / T × 100",
        |at, minute| {
            percent_of_moved(at, minute, |whales| whales.strong_outflow_sol - whales.strong_inflow_sol)
        },
    ),
    whales("wh_outflow_surge_pct", Unit::Percent, "(O − O[1]) / O[1] × 100", |at, minute| {
        percent_change(minute, 1, |minute| Some(at.whales.get(minute)?.outflow_sol))
    }),
    whales(
        "wh_movement_imbalance_pct",
        Unit::Percent,
        "|inflow_count − outflow_count| / movement_count × 100",
        |at, minute| {
            let whales = at.whales.get(minute)?;
            percent(f64::from(whales.inflows.abs_diff(whales.outflows)), f64::from(whales.count()))
        },
    ),
    whales("wh_inflow_sol", Unit::Sol, "I", |at, minute| Some(at.whales.get(minute)?.inflow_sol)),
    whales("wh_outflow_sol", Unit::Sol, "O", |at, minute| Some(at.whales.get(minute)?.outflow_sol)),
    whales("wh_net_flow_sol", Unit::Sol, "I − O", |at, minute| {
        at.whales.get(minute).map(Movements::net_sol)
    }),
    whales("wh_inflow_count", Unit::Count, "inflows", |at, minute| {
        Some(f64::from(at.whales.get(minute)?.inflows))
    }),
    whales("wh_outflow_count", Unit::Count, "outflows", |at, minute| {
        Some(f64::from(at.whales.get(minute)?.outflows))
    }),
    whales(
        "wh_massive_move_count",
        Unit::Count,
        "movements of more than 10 % of the wallet",
        |at, minute| Some(f64::from(at.whales.get(minute)?.massive)),
    ),
    whales("wh_max_move_size", Unit::Sol, "SOL of the largest movement", |at, minute| {
        Some(at.whales.get(minute)?.largest_sol)
    }),
];

fn net_flow_ratio(at: &Moment, minute: usize) -> Option<f64> {
    let whales = at.whales.get(minute)?;
    ratio(whales.net_sol(), whales.sol())
}

fn movements(at: &Moment, minute: usize) -> Option<f64> {
    Some(f64::from(at.whales.get(minute)?.count()))
}

fn percent_of_moved(at: &Moment, minute: usize, part: impl Fn(&Movements) -> f64) -> Option<f64> {
    let whales = at.whales.get(minute)?;
    percent(part(whales), whales.sol())
}
