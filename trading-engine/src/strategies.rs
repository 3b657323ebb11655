//! From the settings to the paper strategies that run.

use goat::service::Failure;
use goat::settings::{Settings, Strategy as Configured};
use goat::values::{InvalidValue, Symbol};

use crate::core::fill::{Costs, UncheckedCosts};
use crate::core::money::Usd;
use crate::core::strategies::{Chosen, InstancePlan, STRATEGIES};

/// The instances that are configured.
///
/// # Errors
///
/// When a strategy is not known, two instances are the same, or a value cannot be.
pub fn plans(settings: &Settings) -> Result<Vec<InstancePlan>, Failure> {
    let mut plans: Vec<InstancePlan> = Vec::new();
    for configured in &settings.strategies.0 {
        let plan = plan(configured, settings)?;
        if plans.iter().any(|other| other.id() == plan.id()) {
            return Err(Failure::Usage(format!("strategies has {} twice", plan.id())));
        }
        plans.push(plan);
    }
    Ok(plans)
}

fn plan(configured: &Configured, settings: &Settings) -> Result<InstancePlan, Failure> {
    let refused = |error: InvalidValue| Failure::Usage(format!("strategies: {error}"));
    let strategy = Chosen::named(&configured.strategy).ok_or_else(|| {
        let known: Vec<&str> = STRATEGIES.iter().map(|strategy| strategy.name()).collect();
        let (named, known) = (&configured.strategy, known.join(", "));
        Failure::Usage(format!("strategies.strategy is {named:?}; it must be one of {known}"))
    })?;
    let costs = UncheckedCosts {
        taker_fee_bps: configured.taker_fee_bps,
        slippage_bps: configured.slippage_bps,
        ..UncheckedCosts::default()
    };
    Ok(InstancePlan {
        strategy,
        venue: configured.venue(),
        symbol: Symbol::parse(&configured.symbol).map_err(refused)?,
        interval_seconds: configured.interval_seconds,
        start: Usd::from_f64(configured.start_usd).map_err(refused)?,
        costs: Costs::new(costs).map_err(refused)?,
        latency_ms: settings.trading.latency_ms,
    })
}
