//! From a document to a play that is valid.

use std::collections::BTreeSet;

use goat::event::PositionSide;
use goat::values::{InvalidValue, UnixMicros};
use goat::wire::market as market_wire;
use goat::wire::trading as wire;

use super::original::with_clear_names;
use crate::core::exit::{Algorithm, ExitRules, InvalidRules, Tier, UncheckedRules};
use crate::core::money::Usd;
use crate::core::play::{Bundle, PerpMode, Play, PlayId, Timing, Validator, WalletSelection};
use crate::core::validator::{Aggregation, ConditionFields, Invalid, Operator, Stage, StageFields, Stages};

const NAME_LENGTH_MAX: usize = 60;
const DESCRIPTION_LENGTH_MAX: usize = 500;
const ADDRESSES_MAX: usize = 10_000;
const ENTRIES_MAX: u32 = 1_000;
const SIZE_DEFAULT_USD: f64 = 100.0;
const CACHE_SECONDS_DEFAULT: u32 = 60;
const SQL_BYTES_MAX: usize = 16 * 1024;
/// What an enum has to be.
const NAMED: &str = "one of the enum's values";

/// A play was refused; says which field, and what was found there.
#[derive(Debug, thiserror::Error)]
pub enum InvalidPlay {
    /// A value of its own.
    #[error(transparent)]
    Value(#[from] InvalidValue),
    /// The rules of its exit.
    #[error("exit.{0}")]
    Exit(#[from] InvalidRules),
    /// A stage of its validator.
    #[error("validator.stages: {0}")]
    Stages(#[from] Invalid),
}

/// The play that a document describes, in version 0: the engine numbers it.
///
/// # Errors
///
/// When a field is missing or cannot be what it is; the first one found is named.
pub fn parse(document: wire::Play) -> Result<Play, InvalidPlay> {
    let document = with_clear_names(document)?;
    let id = play_id(&document.id, &document.name)?;
    Ok(Play {
        version: 0,
        name: text("name", &document.name, 1, NAME_LENGTH_MAX)?,
        description: text("description", &document.description, 0, DESCRIPTION_LENGTH_MAX)?,
        active: document.active,
        side: side(named("direction", document.direction)?),
        wallets: wallets(document.wallets.clone().unwrap_or_default())?,
        max_entries_per_cycle: within(
            "max_entries_per_cycle",
            "1 to 1000",
            document.max_entries_per_cycle.unwrap_or(1),
            1..=ENTRIES_MAX,
        )?,
        perp_mode: perp_mode(named("perp_mode", document.perp_mode)?),
        bundle: document.bundle.map(bundle).transpose()?,
        timing: document.timing.map(timing).transpose()?,
        size: size(document.size_usd.unwrap_or(SIZE_DEFAULT_USD))?,
        source_min_usd: bound("source_min_usd", document.source_min_usd)?,
        source_max_usd: source_max(&document)?,
        exit: document.exit.map_or_else(|| Ok(ExitRules::default()), exit)?,
        validator: document.validator.map(validator).transpose()?,
        auto_update: document.auto_update,
        changed_at: UnixMicros::default(),
        id,
    })
}

/// The id as it is given, or made of the name.
///
/// # Errors
///
/// When it has other characters than an id may have, or nothing is left of the name.
pub fn play_id(id: &str, name: &str) -> Result<PlayId, InvalidValue> {
    const RULE: &str = "1 to 40 lower-case letters, digits and dashes";
    if !id.is_empty() {
        return PlayId::new(id).ok_or_else(|| InvalidValue::new("id", RULE, format!("{id:?}")));
    }
    let dashed: String =
        name.to_lowercase().chars().map(|one| if one.is_ascii_alphanumeric() { one } else { '-' }).collect();
    let words: Vec<&str> = dashed.split('-').filter(|word| !word.is_empty()).collect();
    let mut made = words.join("-");
    made.truncate(PlayId::LENGTH_MAX);
    PlayId::new(made.trim_end_matches('-')).ok_or_else(|| InvalidValue::new("id", RULE, format!("{name:?}")))
}

fn text(field: &'static str, found: &str, least: usize, most: usize) -> Result<String, InvalidValue> {
    let length = found.chars().count();
    if (least..=most).contains(&length) {
        return Ok(found.to_owned());
    }
    let rule = if most == NAME_LENGTH_MAX { "1 to 60 characters" } else { "at most 500 characters" };
    Err(InvalidValue::new(field, rule, format!("{length} characters")))
}

fn within(
    field: &'static str,
    rule: &'static str,
    found: u32,
    range: std::ops::RangeInclusive<u32>,
) -> Result<u32, InvalidValue> {
    if range.contains(&found) { Ok(found) } else { Err(InvalidValue::new(field, rule, found)) }
}

/// A number that no name stands for is refused, not read as absent.
fn named<Named: TryFrom<i32>>(field: &'static str, number: i32) -> Result<Named, InvalidValue> {
    Named::try_from(number).map_err(|_| InvalidValue::new(field, NAMED, number))
}

fn side(direction: market_wire::PositionSide) -> PositionSide {
    match direction {
        market_wire::PositionSide::Unspecified | market_wire::PositionSide::Long => PositionSide::Long,
        market_wire::PositionSide::Short => PositionSide::Short,
    }
}

fn perp_mode(mode: wire::PerpMode) -> PerpMode {
    match mode {
        wire::PerpMode::Unspecified | wire::PerpMode::Any => PerpMode::Any,
        wire::PerpMode::LongOnly => PerpMode::LongOnly,
        wire::PerpMode::ShortOnly => PerpMode::ShortOnly,
    }
}

fn wallets(found: wire::WalletSelection) -> Result<WalletSelection, InvalidValue> {
    let wire::WalletSelection { sql, cache_seconds, addresses } = found;
    match (sql.trim().is_empty(), addresses.is_empty()) {
        (true, true) => Err(InvalidValue::new("wallets", "a query in sql, or addresses", "neither")),
        (false, false) => Err(InvalidValue::new("wallets", "either sql or addresses", "both")),
        (true, false) => {
            if addresses.len() > ADDRESSES_MAX {
                return Err(InvalidValue::new("wallets.addresses", "at most 10000", addresses.len()));
            }
            let addresses: BTreeSet<String> = addresses.into_iter().collect();
            match addresses.iter().find(|address| address.is_empty() || address.len() > 64) {
                Some(address) => {
                    Err(InvalidValue::new("wallets.addresses", "addresses of 1 to 64 characters", address))
                }
                None => Ok(WalletSelection::Addresses(addresses)),
            }
        }
        (false, true) => {
            if sql.len() > SQL_BYTES_MAX {
                return Err(InvalidValue::new("wallets.sql", "at most 16 KiB", sql.len()));
            }
            let cache_seconds = within(
                "wallets.cache_seconds",
                "10 to 86400",
                cache_seconds.unwrap_or(CACHE_SECONDS_DEFAULT),
                10..=86_400,
            )?;
            Ok(WalletSelection::Query { sql, cache_seconds })
        }
    }
}

fn bundle(found: wire::Bundle) -> Result<Bundle, InvalidValue> {
    Ok(Bundle {
        wallets: within("bundle.wallets", "2 to 1000", found.wallets, 2..=1_000)?,
        seconds: within("bundle.seconds", "1 to 600", found.seconds, 1..=Bundle::SECONDS_MAX)?,
    })
}

fn timing(found: wire::Timing) -> Result<Timing, InvalidValue> {
    let increase = match named::<wire::timing::Direction>("timing.direction", found.direction)? {
        wire::timing::Direction::Increase => true,
        wire::timing::Direction::Decrease => false,
        wire::timing::Direction::Unspecified => {
            return Err(InvalidValue::new("timing.direction", "INCREASE or DECREASE", "nothing"));
        }
    };
    if !(found.change_percent > 0.0 && found.change_percent <= 100.0) {
        let rule = "more than 0 and at most 100";
        return Err(InvalidValue::new("timing.change_percent", rule, found.change_percent));
    }
    Ok(Timing {
        increase,
        window_seconds: within("timing.window_seconds", "1 to 3600", found.window_seconds, 1..=3_600)?,
        change_percent: found.change_percent,
    })
}

fn size(dollars: f64) -> Result<Usd, InvalidValue> {
    if !(1.0..=1_000_000.0).contains(&dollars) {
        return Err(InvalidValue::new("size_usd", "1 to 1000000", dollars));
    }
    Usd::from_f64(dollars)
}

fn bound(field: &'static str, found: Option<f64>) -> Result<Option<f64>, InvalidValue> {
    match found {
        Some(usd) if !(usd >= 0.0 && usd.is_finite()) => Err(InvalidValue::new(field, "zero or more", usd)),
        other => Ok(other),
    }
}

fn source_max(document: &wire::Play) -> Result<Option<f64>, InvalidValue> {
    let most = bound("source_max_usd", document.source_max_usd)?;
    match (document.source_min_usd, most) {
        (Some(least), Some(most)) if most < least => {
            Err(InvalidValue::new("source_max_usd", "at least source_min_usd", most))
        }
        _ => Ok(most),
    }
}

fn exit(found: wire::ExitRules) -> Result<ExitRules, InvalidRules> {
    let standard = UncheckedRules::default();
    let named = wire::exit_rules::Algorithm::try_from(found.algorithm).map_err(|_| InvalidRules {
        field: "algorithm".to_owned(),
        rule: NAMED,
        found: found.algorithm.to_string(),
    })?;
    let algorithm = match named {
        wire::exit_rules::Algorithm::Unspecified | wire::exit_rules::Algorithm::DualCheck => {
            Algorithm::DualCheck
        }
        wire::exit_rules::Algorithm::Locked => Algorithm::Locked,
    };
    let tiers = |found: Vec<wire::ExitTier>, standard: Vec<Tier>| {
        if found.is_empty() {
            return standard;
        }
        found.into_iter().map(|wire::ExitTier { from, to, tolerance }| Tier { from, to, tolerance }).collect()
    };
    ExitRules::new(UncheckedRules {
        algorithm,
        decreases: tiers(found.decreases, standard.decreases),
        increases: tiers(found.increases, standard.increases),
        minimum_hold_seconds: found.minimum_hold_seconds.unwrap_or(0),
        maximum_hold_seconds: found.maximum_hold_seconds,
        mirror: found.mirror,
    })
}

fn validator(found: wire::Validator) -> Result<Validator, InvalidPlay> {
    let Some(given) = found.stages else {
        if found.project_ids.is_empty() {
            return Err(InvalidValue::new("validator", "project_ids or stages", "neither").into());
        }
        return Ok(Validator::Projects(found.project_ids));
    };
    if !found.project_ids.is_empty() {
        return Err(InvalidValue::new("validator", "either project_ids or stages", "both").into());
    }
    let part = |name: &'static str, found: Option<wire::Stage>| {
        let found = found.ok_or_else(|| InvalidValue::new(name, "a stage", "nothing"))?;
        stage(found)
    };
    Ok(Validator::Stages(Box::new(Stages {
        setup: part("validator.stages.setup", given.setup)?,
        trigger: part("validator.stages.trigger", given.trigger)?,
        confirm: part("validator.stages.confirm", given.confirm)?,
    })))
}

fn stage(found: wire::Stage) -> Result<Stage, InvalidPlay> {
    let minutes = |field, found: u32| {
        u8::try_from(found).map_err(|_| InvalidValue::new(field, "at most 15 minutes", found))
    };
    let conditions = |found: Vec<wire::StageCondition>| {
        found.into_iter().map(condition).collect::<Result<Vec<_>, InvalidPlay>>()
    };
    let fields = StageFields {
        window_minutes: minutes("window_minutes", found.window_minutes)?,
        end_minutes_before: minutes("end_minutes_before", found.end_minutes_before)?,
        all: conditions(found.all)?,
        any: conditions(found.any)?,
    };
    Ok(Stage::try_from(fields)?)
}

fn condition(found: wire::StageCondition) -> Result<ConditionFields, InvalidPlay> {
    let aggregation = Aggregation::named(&found.aggregation).ok_or_else(|| {
        let rule = "last, avg, min, max, sum, diff, slope or stdev";
        InvalidValue::new("aggregation", rule, format!("{:?}", found.aggregation))
    })?;
    let operator = operator(&found)?;
    Ok(ConditionFields { feature: found.feature, aggregation, operator })
}

fn operator(found: &wire::StageCondition) -> Result<Operator, InvalidValue> {
    let value = found.value;
    let operator = match found.operator.as_str() {
        ">=" => Operator::AtLeast(value),
        "<=" => Operator::AtMost(value),
        "=" => Operator::Equal(value),
        "!=" => Operator::NotEqual(value),
        ">" => Operator::Above(value),
        "<" => Operator::Below(value),
        "between" => {
            let to = found
                .value_to
                .ok_or_else(|| InvalidValue::new("value_to", "given for between", "nothing"))?;
            return Ok(Operator::Between(value, to));
        }
        other => {
            let rule = ">=, <=, =, !=, >, < or between";
            return Err(InvalidValue::new("operator", rule, format!("{other:?}")));
        }
    };
    match found.value_to {
        Some(to) => Err(InvalidValue::new("value_to", "absent unless the operator is between", to)),
        None => Ok(operator),
    }
}
