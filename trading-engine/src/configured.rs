//! What the core computes and within which bounds, as the settings say.

use goat::service::Failure;
use goat::settings::Settings;
use goat::values::Symbol;

use crate::core::Plan;
use crate::core::cycles::Threshold;
use crate::core::desk::Limits;
use crate::core::fill::{Costs, UncheckedCosts};
use crate::core::market::PricingBook;
use crate::core::money::Usd;

/// What is computed.
pub(crate) fn plan(settings: &Settings) -> Result<Plan, Failure> {
    let refused = |problem: String| Failure::Usage(format!("cycles.{problem}"));
    let token = Symbol::parse(&settings.cycles.token).map_err(|error| refused(format!("token: {error}")))?;
    let thresholds = settings.cycles.thresholds_percent.iter().map(|&percent| {
        Threshold::from_percent(percent).ok_or_else(|| {
            refused(format!("thresholds_percent has {percent}; it must be a whole number of hundredths"))
        })
    });
    let cycle_thresholds: Vec<Threshold> = thresholds.collect::<Result<_, _>>()?;
    let entry_threshold = entry_threshold(&cycle_thresholds);
    Ok(Plan { cycle_token: token, cycle_thresholds, entry_threshold, book: pricing_book(&settings.trading)? })
}

/// The cycles that entries are counted by: those of 0.30 %, or of the threshold next to it.
fn entry_threshold(thresholds: &[Threshold]) -> Threshold {
    let wanted = Threshold::from_hundredths(30);
    let distance = |threshold: &&Threshold| threshold.hundredths().abs_diff(wanted.hundredths());
    thresholds.iter().min_by_key(distance).copied().unwrap_or(wanted)
}

fn pricing_book(settings: &goat::settings::Trading) -> Result<PricingBook, Failure> {
    let (venue, symbol) = settings.book();
    let symbol = Symbol::parse(symbol).map_err(|error| Failure::Usage(format!("trading.book: {error}")))?;
    Ok(PricingBook { venue, symbol })
}

/// The bounds and costs of paper trading, as they are configured.
pub(crate) fn limits(settings: &goat::settings::Trading) -> Result<Limits, Failure> {
    let refused = |error: goat::values::InvalidValue| Failure::Usage(format!("trading.{error}"));
    let usd = |dollars: f64| Usd::from_f64(dollars).map_err(refused);
    let costs = UncheckedCosts {
        taker_fee_bps: settings.taker_fee_bps,
        slippage_bps: settings.slippage_bps,
        ..UncheckedCosts::default()
    };
    Ok(Limits {
        start: usd(settings.start_usd)?,
        latency_ms: settings.latency_ms,
        costs: Costs::new(costs).map_err(refused)?,
        book_required: settings.book_required,
        trade_age_seconds_max: settings.trade_age_seconds_max,
        open_max: settings.open_max,
        exposure_max: usd(settings.exposure_usd_max)?,
        daily_loss_max: usd(settings.daily_loss_usd_max)?,
        cooldown_seconds: settings.cooldown_seconds,
        ..Limits::default()
    })
}
