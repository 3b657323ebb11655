//! A play as its document, with clear names only.

use goat::event::PositionSide;
use goat::wire::market as market_wire;
use goat::wire::trading as wire;

use crate::core::exit::{Algorithm, ExitRules, Tier};
use crate::core::play::{PerpMode, Play, Timing, Validator, WalletSelection};
use crate::core::validator::{ConditionFields, Operator, Stage, Stages};

/// The document that [`super::parse`] makes the same play of.
#[must_use]
pub fn document(play: &Play) -> wire::Play {
    let direction = match play.side {
        PositionSide::Long => market_wire::PositionSide::Long,
        PositionSide::Short => market_wire::PositionSide::Short,
    };
    let perp_mode = match play.perp_mode {
        PerpMode::Any => wire::PerpMode::Any,
        PerpMode::LongOnly => wire::PerpMode::LongOnly,
        PerpMode::ShortOnly => wire::PerpMode::ShortOnly,
    };
    wire::Play {
        id: play.id.to_string(),
        version: play.version,
        name: play.name.clone(),
        description: play.description.clone(),
        active: play.active,
        direction: direction.into(),
        wallets: Some(wallets(&play.wallets)),
        max_entries_per_cycle: Some(play.max_entries_per_cycle),
        perp_mode: perp_mode.into(),
        bundle: play.bundle.map(|bundle| wire::Bundle { wallets: bundle.wallets, seconds: bundle.seconds }),
        timing: play.timing.map(timing),
        size_usd: Some(play.size.to_f64()),
        source_min_usd: play.source_min_usd,
        source_max_usd: play.source_max_usd,
        exit: Some(exit(&play.exit)),
        validator: play.validator.as_ref().map(validator),
        auto_update: play.auto_update,
        changed_at: Some(play.changed_at.into()),
        ..wire::Play::default()
    }
}

fn wallets(selection: &WalletSelection) -> wire::WalletSelection {
    match selection {
        WalletSelection::Query { sql, cache_seconds } => wire::WalletSelection {
            sql: sql.clone(),
            cache_seconds: Some(*cache_seconds),
            addresses: Vec::new(),
        },
        WalletSelection::Addresses(addresses) => wire::WalletSelection {
            addresses: addresses.iter().cloned().collect(),
            ..wire::WalletSelection::default()
        },
    }
}

fn timing(timing: Timing) -> wire::Timing {
    let direction =
        if timing.increase { wire::timing::Direction::Increase } else { wire::timing::Direction::Decrease };
    wire::Timing {
        direction: direction.into(),
        window_seconds: timing.window_seconds,
        change_percent: timing.change_percent,
    }
}

fn exit(rules: &ExitRules) -> wire::ExitRules {
    let rules = rules.get();
    let algorithm = match rules.algorithm {
        Algorithm::DualCheck => wire::exit_rules::Algorithm::DualCheck,
        Algorithm::Locked => wire::exit_rules::Algorithm::Locked,
    };
    let tiers = |tiers: &[Tier]| {
        let tier = |&Tier { from, to, tolerance }: &Tier| wire::ExitTier { from, to, tolerance };
        tiers.iter().map(tier).collect()
    };
    wire::ExitRules {
        algorithm: algorithm.into(),
        decreases: tiers(&rules.decreases),
        increases: tiers(&rules.increases),
        minimum_hold_seconds: Some(rules.minimum_hold_seconds),
        maximum_hold_seconds: rules.maximum_hold_seconds,
        mirror: rules.mirror,
    }
}

fn validator(validator: &Validator) -> wire::Validator {
    match validator {
        Validator::Projects(ids) => wire::Validator { project_ids: ids.clone(), stages: None },
        Validator::Stages(stages) => {
            let Stages { setup, trigger, confirm } = &**stages;
            wire::Validator {
                project_ids: Vec::new(),
                stages: Some(wire::Stages {
                    setup: Some(stage(setup)),
                    trigger: Some(stage(trigger)),
                    confirm: Some(stage(confirm)),
                }),
            }
        }
    }
}

fn stage(of: &Stage) -> wire::Stage {
    let fields = of.fields();
    wire::Stage {
        window_minutes: fields.window_minutes.into(),
        end_minutes_before: fields.end_minutes_before.into(),
        all: fields.all.into_iter().map(condition).collect(),
        any: fields.any.into_iter().map(condition).collect(),
    }
}

fn condition(fields: ConditionFields) -> wire::StageCondition {
    let (operator, value, value_to) = match fields.operator {
        Operator::AtLeast(value) => (">=", value, None),
        Operator::AtMost(value) => ("<=", value, None),
        Operator::Equal(value) => ("=", value, None),
        Operator::NotEqual(value) => ("!=", value, None),
        Operator::Above(value) => (">", value, None),
        Operator::Below(value) => ("<", value, None),
        Operator::Between(from, to) => ("between", from, Some(to)),
    };
    wire::StageCondition {
        feature: fields.feature,
        aggregation: fields.aggregation.as_str().to_owned(),
        operator: operator.to_owned(),
        value,
        value_to,
    }
}
