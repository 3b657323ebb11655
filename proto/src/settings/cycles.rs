//! What a price cycle is.

use serde::{Deserialize, Serialize};

use super::SettingsError;

/// Price cycles.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cycles {
    /// The token whose price makes the cycles.
    pub token: String,
    /// The falls from the peak that end a cycle.
    pub thresholds_percent: Vec<f64>,
}

impl Default for Cycles {
    fn default() -> Self {
        Self { token: "SOL".to_owned(), thresholds_percent: vec![0.20, 0.25, 0.30, 0.35, 0.40, 0.45, 0.50] }
    }
}

impl Cycles {
    pub(super) fn validate(&self) -> Result<(), SettingsError> {
        let thresholds = &self.thresholds_percent;
        let refuse = |problem| {
            let problem = format!("is {thresholds:?}; it {problem}");
            Err(SettingsError::Refused { key: "cycles.thresholds_percent", problem })
        };
        if thresholds.is_empty() || thresholds.iter().any(|percent| !(0.01..=50.0).contains(percent)) {
            return refuse("needs values from 0.01 to 50");
        }
        if !thresholds.windows(2).all(|pair| matches!(pair, [a, b] if a < b)) {
            return refuse("must rise without repeating");
        }
        Ok(())
    }
}
