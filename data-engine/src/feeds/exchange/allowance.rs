//! How much may be asked of a venue.

use std::time::Duration;

use tokio::time::Instant;

const WINDOW: Duration = Duration::from_mins(1);
/// Without a word from the venue, a refusal for too many requests is respected this long.
const REFUSED_USUAL: Duration = Duration::from_secs(10);
/// However long a venue asks us to stay away, we look again after this.
const REFUSED_MAX: Duration = Duration::from_hours(1);

/// The request weight that is left in the running minute, and the moment before which nothing may be asked.
#[derive(Debug)]
pub struct Allowance {
    weight_max: u32,
    used: u32,
    window_start: Option<Instant>,
    blocked_until: Option<Instant>,
}

impl Allowance {
    /// At most `weight_max` a minute.
    #[must_use]
    pub fn new(weight_max: u32) -> Self {
        Self { weight_max, used: 0, window_start: None, blocked_until: None }
    }

    /// Takes the weight of a request at `now`, or says how long nothing may be asked.
    ///
    /// # Errors
    ///
    /// When the venue refused, or the minute's weight is spent.
    pub fn take(&mut self, now: Instant, weight: u32) -> Result<(), Duration> {
        if let Some(left) = self.blocked_until.map(|until| until.saturating_duration_since(now))
            && !left.is_zero()
        {
            return Err(left);
        }
        let elapsed = self.window_start.map(|start| now.duration_since(start));
        match elapsed {
            Some(elapsed) if elapsed < WINDOW => {
                if self.used.saturating_add(weight) > self.weight_max && self.used > 0 {
                    return Err(WINDOW.saturating_sub(elapsed));
                }
                self.used = self.used.saturating_add(weight);
            }
            _ => (self.window_start, self.used) = (Some(now), weight),
        }
        Ok(())
    }

    /// The venue counted `used` in this minute: other programs on this address ask too.
    pub fn counted(&mut self, used: u32) {
        self.used = self.used.max(used);
    }

    /// The venue refused for too many requests, until `retry_after` when it said so.
    pub fn refused(&mut self, now: Instant, retry_after: Option<Duration>) {
        let until = now + retry_after.unwrap_or(REFUSED_USUAL).min(REFUSED_MAX);
        self.blocked_until = self.blocked_until.max(Some(until));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_has_only_so_much_weight_also_by_the_venues_count() {
        let (mut allowance, begin) = (Allowance::new(100), Instant::now());
        let at = |seconds| begin + Duration::from_secs(seconds);

        assert_eq!(allowance.take(at(0), 50), Ok(()));
        assert_eq!(allowance.take(at(1), 50), Ok(()));
        assert_eq!(allowance.take(at(10), 1), Err(Duration::from_secs(50)));
        assert_eq!(allowance.take(at(60), 50), Ok(()));
        allowance.counted(99);
        assert_eq!(allowance.take(at(70), 2), Err(Duration::from_secs(50)));
    }

    #[test]
    fn a_refusal_is_respected_for_as_long_as_the_venue_asks() {
        let (mut allowance, begin) = (Allowance::new(100), Instant::now());
        allowance.refused(begin, Some(Duration::from_secs(7)));
        assert_eq!(allowance.take(begin + Duration::from_secs(3), 1), Err(Duration::from_secs(4)));
        assert_eq!(allowance.take(begin + Duration::from_secs(7), 1), Ok(()));

        allowance.refused(begin, None);
        assert_eq!(allowance.take(begin, 1), Err(REFUSED_USUAL));
        allowance.refused(begin, Some(Duration::from_hours(72)));
        assert_eq!(allowance.take(begin, 1), Err(REFUSED_MAX));
    }
}
