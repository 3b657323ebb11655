//! What came of it, for a person to read.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::condition::{Aggregation, NotComputable, Operator};
use super::filter::FilterOutcome;
use super::stage::StageName;
use crate::core::features::FeatureId;

/// What the filter projects say. Prints as lines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The first project that passed; none rejects.
    pub first_passed: Option<String>,
    /// Every project, in the order in which they were applied.
    pub projects: Vec<ProjectOutcome>,
}

impl Verdict {
    /// Whether a project passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.first_passed.is_some()
    }
}

/// What one project says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProjectOutcome {
    /// Its name for machines.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Its active filters.
    pub filters: Vec<FilterOutcome>,
    /// Whether there were any and all passed.
    pub passed: bool,
}

impl ProjectOutcome {
    /// The first filter that failed; none also when there was no filter.
    #[must_use]
    pub fn first_failed(&self) -> Option<&FilterOutcome> {
        self.filters.iter().find(|filter| !filter.passed)
    }
}

/// What the stages say. Prints as lines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StagesVerdict {
    /// Setup, trigger, confirm.
    pub stages: Vec<StageOutcome>,
    /// Whether all three passed.
    pub passed: bool,
}

/// What one stage says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageOutcome {
    /// Which one.
    pub name: StageName,
    /// Conditions that must all hold.
    pub all: Vec<ConditionOutcome>,
    /// Conditions of which one must hold, if there are any.
    pub any: Vec<ConditionOutcome>,
    /// Whether it passed.
    pub passed: bool,
}

/// What one condition says. Prints as a sentence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConditionOutcome {
    /// Which feature.
    pub feature: FeatureId,
    /// What was made of its minutes.
    pub aggregation: Aggregation,
    /// What it was held against.
    pub operator: Operator,
    /// What it was, or why it could not be computed.
    pub value: Result<f64, NotComputable>,
    /// Whether it holds.
    pub passed: bool,
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.projects.iter().find(|project| project.passed) {
            Some(project) => writeln!(formatter, "passed by {}", project.name)?,
            None if self.projects.is_empty() => writeln!(formatter, "rejected: there is no project")?,
            None => writeln!(formatter, "rejected by every project")?,
        }
        for project in &self.projects {
            write!(formatter, "{project}")?;
        }
        Ok(())
    }
}

impl fmt::Display for ProjectOutcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.filters.is_empty() {
            return writeln!(formatter, "{}: failed: it has no active filter", self.name);
        }
        writeln!(formatter, "{}: {}", self.name, word(self.passed))?;
        for filter in &self.filters {
            writeln!(formatter, "  {filter}")?;
        }
        Ok(())
    }
}

impl fmt::Display for StagesVerdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}", word(self.passed))?;
        for stage in &self.stages {
            writeln!(formatter, "{}: {}", stage.name.as_str(), word(stage.passed))?;
            for condition in &stage.all {
                writeln!(formatter, "  all: {condition}")?;
            }
            for condition in &stage.any {
                writeln!(formatter, "  any: {condition}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for ConditionOutcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let asked = format!("{} of {}", self.aggregation.as_str(), self.feature);
        match &self.value {
            Ok(value) => {
                write!(formatter, "{asked} is {value}, to be {}: {}", self.operator, word(self.passed))
            }
            Err(reason) => write!(formatter, "{asked} cannot be computed: {reason}: {}", word(self.passed)),
        }
    }
}

fn word(passed: bool) -> &'static str {
    if passed { "passed" } else { "failed" }
}
