//! How long to stay away after a failure.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(250);
/// Short enough that a venue that is back is used within ten seconds; long enough that a lasting outage spends
/// less than a connection every four seconds.
const LONGEST: Duration = Duration::from_secs(8);

/// Waits that double from failure to failure, each spread over its upper half.
#[derive(Debug, Clone, Copy, Default)]
pub struct BackOff {
    failures: u32,
}

impl BackOff {
    /// The wait after one more failure. `random` from 0 to 1 keeps many from coming back at once.
    pub fn failed(&mut self, random: f64) -> Duration {
        let doubled = FIRST.saturating_mul(1_u32.checked_shl(self.failures).unwrap_or(u32::MAX));
        self.failures = self.failures.saturating_add(1).min(16);
        doubled.min(LONGEST).mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0)
    }

    /// It works again.
    pub fn succeeded(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_start_anew_after_a_success() {
        let mut back_off = BackOff::default();
        let waits = [(); 8].map(|()| back_off.failed(1.0).as_millis());
        assert_eq!(waits, [250, 500, 1000, 2000, 4000, 8000, 8000, 8000]);
        assert_eq!(back_off.failed(0.0), Duration::from_secs(4));

        back_off.succeeded();
        assert_eq!(back_off.failed(1.0), FIRST);
    }
}
