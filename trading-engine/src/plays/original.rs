//! The names of the original system, put into ours. Deprecated fields are read here and nowhere else.
#![allow(deprecated)]

use goat::values::InvalidValue;
use goat::wire::market::PositionSide;
use goat::wire::trading::{
    Bundle, ExitRules, ExitTier, OriginalTolerance, PerpMode, Play, Timing, Validator, WalletSelection,
    timing,
};

/// The play with clear names only.
///
/// # Errors
///
/// When a fact is given under both of its names, or an original value means nothing.
pub(super) fn with_clear_names(mut play: Play) -> Result<Play, InvalidValue> {
    if let Some(active) = play.is_active.take() {
        refuse_both("is_active", "active", play.active)?;
        play.active = flag("is_active", active)?;
    }
    if let Some(short) = play.short_play.take() {
        refuse_both("short_play", "direction", play.direction != 0)?;
        let side = if flag("short_play", short)? { PositionSide::Short } else { PositionSide::Long };
        play.direction = side.into();
    }
    if let Some(entries) = play.max_buys_per_cycle.take() {
        refuse_both("max_buys_per_cycle", "max_entries_per_cycle", play.max_entries_per_cycle.is_some())?;
        play.max_entries_per_cycle = Some(entries);
    }
    if let Some(update) = play.pattern_update_by_ai.take() {
        refuse_both("pattern_update_by_ai", "auto_update", play.auto_update)?;
        play.auto_update = flag("pattern_update_by_ai", update)?;
    }
    wallets(&mut play)?;
    exit(&mut play)?;
    conditions(&mut play)?;
    validator(&mut play)?;
    Ok(play)
}

fn wallets(play: &mut Play) -> Result<(), InvalidValue> {
    if let Some(query) = play.find_wallets_sql.take() {
        refuse_both("find_wallets_sql", "wallets", play.wallets.is_some())?;
        play.wallets = Some(WalletSelection { sql: query.query, ..WalletSelection::default() });
    }
    let Some(cache) = play.cashe_wallets.take() else { return Ok(()) };
    let wallets = play.wallets.get_or_insert_default();
    refuse_both("cashe_wallets", "wallets.cache_seconds", wallets.cache_seconds.is_some())?;
    if cache.enabled {
        wallets.cache_seconds = cache.seconds;
    }
    Ok(())
}

fn exit(play: &mut Play) -> Result<(), InvalidValue> {
    let Some(logic) = play.sell_logic.take() else { return Ok(()) };
    refuse_both("sell_logic", "exit", play.exit.is_some())?;
    let rules = logic.tolerance_rules.unwrap_or_default();
    play.exit = Some(ExitRules {
        decreases: tiers("sell_logic.tolerance_rules.decreases.range", rules.decreases)?,
        increases: tiers("sell_logic.tolerance_rules.increases.range", rules.increases)?,
        minimum_hold_seconds: logic.min_hold_seconds,
        ..ExitRules::default()
    });
    Ok(())
}

fn tiers(field: &'static str, rules: Vec<OriginalTolerance>) -> Result<Vec<ExitTier>, InvalidValue> {
    let tier = |rule: OriginalTolerance| match rule.range[..] {
        [from, to] => Ok(ExitTier { from, to, tolerance: rule.tolerance }),
        _ => Err(InvalidValue::new(field, "two numbers, from and to", format!("{:?}", rule.range))),
    };
    rules.into_iter().map(tier).collect()
}

fn conditions(play: &mut Play) -> Result<(), InvalidValue> {
    if let Some(trigger) = play.tricker_on_perp.take() {
        refuse_both("tricker_on_perp", "perp_mode", play.perp_mode != 0)?;
        let mode = match trigger.mode.as_str() {
            "any" => PerpMode::Any,
            "long_only" => PerpMode::LongOnly,
            "short_only" => PerpMode::ShortOnly,
            other => {
                return Err(InvalidValue::new("tricker_on_perp.mode", "any, long_only or short_only", other));
            }
        };
        play.perp_mode = mode.into();
    }
    if let Some(bundle) = play.bundle_trades.take() {
        refuse_both("bundle_trades", "bundle", play.bundle.is_some())?;
        if bundle.num_trades.is_some() && bundle.num_wallets.is_some() {
            refuse_both("bundle_trades.num_trades", "bundle_trades.num_wallets", true)?;
        }
        let wallets = bundle.num_wallets.or(bundle.num_trades).unwrap_or(3);
        let seconds = bundle.seconds.unwrap_or(5);
        play.bundle = bundle.enabled.then_some(Bundle { wallets, seconds });
    }
    if let Some(original) = play.timing_conditions.take() {
        refuse_both("timing_conditions", "timing", play.timing.is_some())?;
        let direction = match original.price_direction.as_str() {
            "increase" => timing::Direction::Increase,
            "decrease" => timing::Direction::Decrease,
            _ if !original.enabled => timing::Direction::Unspecified,
            other => {
                let field = "timing_conditions.price_direction";
                return Err(InvalidValue::new(field, "increase or decrease", other));
            }
        };
        play.timing = original.enabled.then_some(Timing {
            direction: direction.into(),
            window_seconds: original.time_window_seconds,
            change_percent: original.price_change_threshold * 100.0,
        });
    }
    Ok(())
}

fn validator(play: &mut Play) -> Result<(), InvalidValue> {
    let projects = std::mem::take(&mut play.project_ids);
    let asked = play.pattern_validator_enable.take();
    if projects.is_empty() && asked.is_none() {
        return Ok(());
    }
    refuse_both("project_ids or pattern_validator_enable", "validator", play.validator.is_some())?;
    let asked = asked.map(|value| flag("pattern_validator_enable", value)).transpose()?;
    if asked.unwrap_or(true) {
        play.validator = Some(Validator { project_ids: projects, ..Validator::default() });
    }
    Ok(())
}

fn flag(field: &'static str, value: i32) -> Result<bool, InvalidValue> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(InvalidValue::new(field, "0 or 1", other)),
    }
}

fn refuse_both(original: &'static str, clear: &'static str, given: bool) -> Result<(), InvalidValue> {
    if !given {
        return Ok(());
    }
    Err(InvalidValue::new(original, "absent when the clear name is given", clear))
}

#[cfg(test)]
mod tests {
    use goat::wire::trading::{
        OriginalBundle, OriginalCache, OriginalPerpTrigger, OriginalSellLogic, OriginalTiming,
        OriginalToleranceRules, OriginalWalletQuery,
    };

    use super::*;

    fn original() -> Play {
        let tolerance = |from, to, tolerance| OriginalTolerance { range: vec![from, to], tolerance };
        Play {
            name: "Play 51".into(),
            is_active: Some(1),
            find_wallets_sql: Some(OriginalWalletQuery { query: "SELECT wallet_address FROM x".into() }),
            max_buys_per_cycle: Some(3),
            sell_logic: Some(OriginalSellLogic {
                tolerance_rules: Some(OriginalToleranceRules {
                    decreases: vec![tolerance(-999_999.0, 0.0, 0.002)],
                    increases: vec![tolerance(0.0, 0.5, 0.001)],
                }),
                min_hold_seconds: Some(4),
            }),
            tricker_on_perp: Some(OriginalPerpTrigger { mode: "long_only".into() }),
            bundle_trades: Some(OriginalBundle {
                enabled: true,
                num_trades: Some(5),
                num_wallets: None,
                seconds: Some(2),
            }),
            cashe_wallets: Some(OriginalCache { enabled: true, seconds: Some(30) }),
            pattern_validator_enable: Some(1),
            project_ids: vec!["5".into()],
            pattern_update_by_ai: Some(0),
            timing_conditions: Some(OriginalTiming {
                enabled: true,
                price_direction: "decrease".into(),
                time_window_seconds: 60,
                price_change_threshold: 0.005,
            }),
            short_play: Some(0),
            ..Play::default()
        }
    }

    #[test]
    fn every_original_name_has_a_clear_one() {
        let play = with_clear_names(original()).unwrap();

        let tier = |from, to, tolerance| ExitTier { from, to, tolerance };
        let expected = Play {
            name: "Play 51".into(),
            active: true,
            direction: PositionSide::Long.into(),
            wallets: Some(WalletSelection {
                sql: "SELECT wallet_address FROM x".into(),
                cache_seconds: Some(30),
                addresses: vec![],
            }),
            max_entries_per_cycle: Some(3),
            exit: Some(ExitRules {
                decreases: vec![tier(-999_999.0, 0.0, 0.002)],
                increases: vec![tier(0.0, 0.5, 0.001)],
                minimum_hold_seconds: Some(4),
                ..ExitRules::default()
            }),
            perp_mode: PerpMode::LongOnly.into(),
            bundle: Some(Bundle { wallets: 5, seconds: 2 }),
            validator: Some(Validator { project_ids: vec!["5".into()], stages: None }),
            timing: Some(Timing {
                direction: timing::Direction::Decrease.into(),
                window_seconds: 60,
                change_percent: 0.5,
            }),
            ..Play::default()
        };
        assert_eq!(play, expected);
    }

    #[test]
    fn what_was_switched_off_is_absent() {
        let mut play = original();
        play.bundle_trades = Some(OriginalBundle { enabled: false, ..OriginalBundle::default() });
        play.timing_conditions = Some(OriginalTiming { enabled: false, ..OriginalTiming::default() });
        play.pattern_validator_enable = Some(0);

        let play = with_clear_names(play).unwrap();

        assert_eq!((play.bundle, play.timing, play.validator), (None, None, None));
    }

    #[test]
    fn a_fact_under_both_names_is_refused_and_so_is_a_value_without_meaning() {
        let refusal = |change: fn(&mut Play)| {
            let mut play = original();
            change(&mut play);
            with_clear_names(play).unwrap_err().to_string()
        };

        for (problem, field) in [
            (refusal(|play| play.max_entries_per_cycle = Some(1)), "max_buys_per_cycle"),
            (refusal(|play| play.exit = Some(ExitRules::default())), "sell_logic"),
            (refusal(|play| play.is_active = Some(2)), "is_active"),
            (refusal(|play| play.tricker_on_perp.as_mut().unwrap().mode = "both".into()), "tricker_on_perp"),
            (
                refusal(|play| {
                    let rules = play.sell_logic.as_mut().unwrap().tolerance_rules.as_mut().unwrap();
                    rules.increases[0].range = vec![0.5];
                }),
                "sell_logic.tolerance_rules.increases.range",
            ),
        ] {
            assert!(problem.contains(field), "{problem}");
        }
    }
}
