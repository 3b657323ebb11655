//! Setup, trigger, confirm: conditions on windows of minutes.

use serde::{Deserialize, Serialize};

use super::condition::{Aggregation, Condition, ConditionFields, Operator};
use super::invalid::Invalid;
use super::outcome::{StageOutcome, StagesVerdict};
use crate::core::features::{FeatureSet, MINUTES};

/// Which stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StageName {
    /// The market is of the right kind.
    Setup,
    /// Something happened.
    Trigger,
    /// It goes on.
    Confirm,
}

impl StageName {
    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Trigger => "trigger",
            Self::Confirm => "confirm",
        }
    }
}

/// A stage as somebody writes it, before it is checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageFields {
    /// How many minutes are looked at.
    pub window_minutes: u8,
    /// How many of the newest minutes are left out.
    pub end_minutes_before: u8,
    /// Conditions that must all hold.
    pub all: Vec<ConditionFields>,
    /// Conditions of which one must hold, if there are any.
    pub any: Vec<ConditionFields>,
}

/// A stage that can be judged.
///
/// **Invariant:** it has a condition, and its window lies within the minutes that features have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "StageFields", into = "StageFields")]
pub struct Stage {
    window_minutes: u8,
    end_minutes_before: u8,
    all: Vec<Condition>,
    any: Vec<Condition>,
}

impl Stage {
    /// As it was written.
    #[must_use]
    pub fn fields(&self) -> StageFields {
        let written = |conditions: &[Condition]| conditions.iter().map(Condition::fields).collect();
        StageFields {
            window_minutes: self.window_minutes,
            end_minutes_before: self.end_minutes_before,
            all: written(&self.all),
            any: written(&self.any),
        }
    }

    fn judge(&self, name: StageName, features: &FeatureSet) -> StageOutcome {
        let newest = self.end_minutes_before;
        let oldest = newest + self.window_minutes - 1;
        let judged = |conditions: &[Condition]| -> Vec<_> {
            conditions.iter().map(|condition| condition.judge(features, newest, oldest)).collect()
        };
        let (all, any) = (judged(&self.all), judged(&self.any));
        let passed = all.iter().all(|one| one.passed) && (any.is_empty() || any.iter().any(|one| one.passed));
        StageOutcome { name, all, any, passed }
    }
}

impl TryFrom<StageFields> for Stage {
    type Error = Invalid;

    fn try_from(fields: StageFields) -> Result<Self, Invalid> {
        let StageFields { window_minutes, end_minutes_before, all, any } = fields;
        let end = window_minutes.checked_add(end_minutes_before);
        if window_minutes == 0 || end.is_none_or(|end| end > MINUTES) {
            return Err(Invalid::Window { window_minutes, end_minutes_before });
        }
        if all.is_empty() && any.is_empty() {
            return Err(Invalid::NoConditions);
        }
        let checked = |conditions: Vec<ConditionFields>| {
            let conditions = conditions.into_iter().map(|fields| {
                let condition = Condition::try_from(fields)?;
                condition.check_window(window_minutes)?;
                Ok(condition)
            });
            conditions.collect::<Result<Vec<_>, Invalid>>()
        };
        Ok(Self { window_minutes, end_minutes_before, all: checked(all)?, any: checked(any)? })
    }
}

impl From<Stage> for StageFields {
    fn from(stage: Stage) -> Self {
        stage.fields()
    }
}

/// The three stages. All of them must pass.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stages {
    /// The market is of the right kind.
    pub setup: Stage,
    /// Something happened.
    pub trigger: Stage,
    /// It goes on.
    pub confirm: Stage,
}

impl Stages {
    /// Judges every stage; also those after one that failed, so that all of them can be read.
    #[must_use]
    pub fn judge(&self, features: &FeatureSet) -> StagesVerdict {
        let stages = vec![
            self.setup.judge(StageName::Setup, features),
            self.trigger.judge(StageName::Trigger, features),
            self.confirm.judge(StageName::Confirm, features),
        ];
        let passed = stages.iter().all(|stage| stage.passed);
        StagesVerdict { stages, passed }
    }

    /// The stages that plays of the original system had when they named none, with its thresholds.
    ///
    /// Setup looks at ten minutes, trigger at the three that end with the third newest, confirm at the three newest.
    /// Two things differ. Perpetual positions (`tx_perp_dominance_pct` ≥ 75) are not asked for, because the feed does
    /// not carry them and the condition could never hold. A rise of the net flow is asked to be 300 instead of 3,000:
    /// there each second's change was added up about ten times.
    ///
    /// # Errors
    ///
    /// When the catalogue no longer has one of the features.
    pub fn original() -> Result<Self, Invalid> {
        use self::Aggregation::{Avg, Diff, Last};
        use self::Operator::{AtLeast, AtMost};

        let condition = |feature: &str, aggregation, operator| ConditionFields {
            feature: feature.to_owned(),
            aggregation,
            operator,
        };
        let setup = StageFields {
            window_minutes: 10,
            end_minutes_before: 0,
            all: vec![
                condition("tx_buy_trade_pct", Avg, AtLeast(55.0)),
                condition("tx_whale_volume_pct", Avg, AtLeast(40.0)),
                condition("pm_price_vs_ma5_pct", Avg, AtMost(0.2)),
            ],
            any: Vec::new(),
        };
        let trigger = StageFields {
            window_minutes: 3,
            end_minutes_before: 2,
            all: Vec::new(),
            any: vec![
                condition("ob_net_flow_1m", Diff, AtLeast(300.0)),
                condition("tx_buy_sell_pressure", Last, AtLeast(0.25)),
                condition("ob_aggression_ratio", Last, AtLeast(2.0)),
            ],
        };
        let confirm = StageFields {
            window_minutes: 3,
            end_minutes_before: 0,
            all: vec![
                condition("pm_close_price", Diff, AtLeast(0.05)),
                condition("tx_buy_sell_pressure", Last, AtLeast(0.20)),
            ],
            any: Vec::new(),
        };
        Ok(Self { setup: setup.try_into()?, trigger: trigger.try_into()?, confirm: confirm.try_into()? })
    }
}
