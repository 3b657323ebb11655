//! `sp_`: the SOL price second by second over the whole window. A second has the last price known in it; one whose
//! last price is more than five seconds old is left out.

use super::{Feature, Group, Unit};
use crate::core::features::moment::Moment;
use crate::core::features::over_time::{percent, percent_over};

const fn series(
    name: &'static str,
    unit: Unit,
    formula: &'static str,
    compute: fn(&Moment) -> Option<f64>,
) -> Feature {
    Feature::once(name, Group::SecondPrices, unit, formula, compute)
}

pub(super) const FEATURES: &[Feature] = &[
    series("sp_price_count", Unit::Count, "seconds with a known price, of 900", |at| at.series.count()),
    series("sp_min_price", Unit::Usd, "lowest price", |at| at.series.min()),
    series("sp_max_price", Unit::Usd, "highest price", |at| at.series.max()),
    series("sp_start_price", Unit::Usd, "first price", |at| at.series.first()),
    series("sp_end_price", Unit::Usd, "last price", |at| at.series.last()),
    series("sp_avg_price", Unit::Usd, "mean over the seconds", |at| at.series.mean()),
    series("sp_price_range_pct", Unit::Percent, "(max_price − min_price) / start_price × 100", |at| {
        percent(at.series.max()? - at.series.min()?, at.series.first()?)
    }),
    series("sp_total_change_pct", Unit::Percent, "(end_price − start_price) / start_price × 100", |at| {
        percent_over(at.series.last()?, at.series.first()?)
    }),
    series(
        "sp_volatility_pct",
        Unit::Percent,
        "population standard deviation over the seconds / avg_price × 100",
        |at| percent(at.series.standard_deviation()?, at.series.mean()?),
    ),
];
