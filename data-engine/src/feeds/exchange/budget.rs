//! How many connections a venue grants.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

const WINDOW: Duration = Duration::from_mins(5);

/// Connections within any five minutes, shared by all symbols of a venue.
#[derive(Debug, Clone)]
pub struct ConnectionBudget {
    most: usize,
    opened: Arc<Mutex<VecDeque<Instant>>>,
}

impl ConnectionBudget {
    /// At most `most` connections in five minutes.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { most, opened: Arc::default() }
    }

    /// Takes one connection at `now`, or says how long it takes until there is one.
    ///
    /// # Errors
    ///
    /// When all of them are spent.
    pub fn take(&self, now: Instant) -> Result<(), Duration> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        while opened.front().is_some_and(|first| now.duration_since(*first) >= WINDOW) {
            opened.pop_front();
        }
        if opened.len() < self.most {
            opened.push_back(now);
            return Ok(());
        }
        Err(opened.front().map_or(WINDOW, |first| WINDOW.saturating_sub(now.duration_since(*first))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_five_minutes_see_more_connections_than_granted() {
        let (budget, begin) = (ConnectionBudget::new(2), Instant::now());
        let at = |seconds| begin + Duration::from_secs(seconds);

        assert_eq!(budget.take(at(0)), Ok(()));
        assert_eq!(budget.take(at(100)), Ok(()));
        assert_eq!(budget.take(at(101)), Err(Duration::from_secs(199)));
        assert_eq!(budget.take(at(300)), Ok(()));
        assert_eq!(budget.take(at(301)), Err(Duration::from_secs(99)));
    }
}
