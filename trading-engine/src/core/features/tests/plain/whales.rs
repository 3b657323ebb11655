//! `wh_`.

use goat::event::Payload;

use super::{Plain, all, max, mean, minutes, sum};

/// Signed SOL and the share of the wallet in percent.
fn read(payload: &Payload) -> Option<(f64, f64)> {
    match payload {
        Payload::Whale(whale) => Some((whale.sol_change, whale.percentage_moved)),
        _ => None,
    }
}

pub(super) fn value(plain: &Plain<'_>, feature: &str, minute: usize) -> Option<f64> {
    let moves = |minute: usize| all(plain.minute(minute, read));
    let sol_where = |minute: usize, is: &dyn Fn(f64, f64) -> bool| {
        let chosen: Vec<f64> = moves(minute)?
            .into_iter()
            .filter(|(change, share)| is(*change, *share))
            .map(|(change, _)| change.abs())
            .collect();
        Some(sum(&chosen))
    };
    let inflow = |minute| sol_where(minute, &|change, _| change > 0.0);
    let outflow = |minute| sol_where(minute, &|change, _| change < 0.0);
    let strong_in = |minute| sol_where(minute, &|change, share| change > 0.0 && share > 5.0);
    let strong_out = |minute| sol_where(minute, &|change, share| change < 0.0 && share > 5.0);
    let total = |minute| sol_where(minute, &|_, _| true);
    let net = |minute| Some(inflow(minute)? - outflow(minute)?);
    let net_ratio = |minute| Some(net(minute)? / total(minute)?);
    let count = |minute: usize| Some(moves(minute)?.len() as f64);
    let share_of_total = |part: f64| Some(part / total(minute)? * 100.0);
    let now = moves(minute)?;
    let sizes: Vec<f64> = now.iter().map(|(change, _)| change.abs()).collect();
    let shares: Vec<f64> = now.iter().map(|(_, share)| *share).collect();
    let inflows = now.iter().filter(|(change, _)| *change > 0.0).count() as f64;
    let outflows = now.len() as f64 - inflows;
    match feature {
        "net_flow_ratio" => net_ratio(minute),
        "flow_shift_1m" => Some(net_ratio(minute)? - net_ratio(minute + 1)?),
        "flow_trend_3m" => Some(super::least_squares_slope(&minutes(minute, 3, net_ratio)?)),
        "accumulation_ratio" => Some(inflow(minute)? / outflow(minute)?),
        "strong_accumulation" => strong_in(minute),
        "strong_distribution" => strong_out(minute),
        "cumulative_flow_5m" => Some(sum(&minutes(minute, 5, net)?)),
        "total_sol_moved" => total(minute),
        "inflow_share_pct" => share_of_total(inflow(minute)?),
        "outflow_share_pct" => share_of_total(outflow(minute)?),
        "net_flow_strength_pct" => share_of_total(net(minute)?),
        "strong_accumulation_pct" => share_of_total(strong_in(minute)?),
        "strong_distribution_pct" => share_of_total(strong_out(minute)?),
        "distribution_pressure_pct" => share_of_total(strong_out(minute)? - strong_in(minute)?),
        "activity_surge_ratio" => Some(count(minute)? / mean(&minutes(minute + 1, 5, count)?)),
        "movement_count" => count(minute),
        "massive_move_pct" => share_of_total(sol_where(minute, &|_, share| share > 10.0)?),
        "avg_wallet_pct_moved" => Some(mean(&shares)),
        "largest_move_dominance" => Some(max(&sizes) / total(minute)?),
        "outflow_surge_pct" => {
            let before = outflow(minute + 1)?;
            Some((outflow(minute)? - before) / before * 100.0)
        }
        "movement_imbalance_pct" => Some((inflows - outflows).abs() / (inflows + outflows) * 100.0),
        "inflow_sol" => inflow(minute),
        "outflow_sol" => outflow(minute),
        "net_flow_sol" => net(minute),
        "inflow_count" => Some(inflows),
        "outflow_count" => Some(outflows),
        "massive_move_count" => Some(shares.iter().filter(|share| **share > 10.0).count() as f64),
        "max_move_size" => Some(max(&sizes)),
        _ => panic!("the whales' {feature} has no plain computation"),
    }
}
