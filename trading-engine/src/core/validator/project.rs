//! Filters that belong together.

use serde::{Deserialize, Serialize};

use super::filter::Filter;
use super::outcome::{ProjectOutcome, Verdict};
use crate::core::features::FeatureSet;

/// Filters of which every active one must pass.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Project {
    /// Its name for machines.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Without an active one it rejects everything.
    pub filters: Vec<Filter>,
}

impl Project {
    /// Applies every active filter; also those after one that failed, so that all of them can be read.
    #[must_use]
    pub fn judge(&self, features: &FeatureSet) -> ProjectOutcome {
        let active = self.filters.iter().filter(|filter| filter.is_active());
        let filters: Vec<_> = active.map(|filter| filter.judge(features)).collect();
        let passed = !filters.is_empty() && filters.iter().all(|filter| filter.passed);
        ProjectOutcome { id: self.id.clone(), name: self.name.clone(), filters, passed }
    }
}

/// Applies every project: one that passes is enough. Without projects nothing passes.
#[must_use]
pub fn validate(projects: &[Project], features: &FeatureSet) -> Verdict {
    let projects: Vec<_> = projects.iter().map(|project| project.judge(features)).collect();
    let first_passed = projects.iter().find(|project| project.passed).map(|project| project.id.clone());
    Verdict { first_passed, projects }
}
