//! Failed authentications, counted by address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// More addresses than this are counted as one.
const ADDRESSES_MAX: usize = 4096;
/// Those that no address of their own is kept for.
const THE_OTHERS: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
const WINDOW: Duration = Duration::from_secs(1);
const BETWEEN_LINES: Duration = Duration::from_mins(1);

/// What to do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict {
    /// The address has failed more often within a second than it may.
    pub(super) too_many: bool,
    /// How often it failed since the last line about it, when another one is due.
    pub(super) line_due: Option<u64>,
}

#[derive(Debug)]
struct Failing {
    window_began: Instant,
    in_window: u32,
    line_written: Option<Instant>,
    since_line: u64,
}

/// The addresses that failed lately.
#[derive(Debug)]
pub(super) struct Failures {
    per_second_max: u32,
    by_address: HashMap<IpAddr, Failing>,
}

impl Failures {
    pub(super) fn new(per_second_max: u32) -> Self {
        Self { per_second_max, by_address: HashMap::new() }
    }

    /// Takes note of one more.
    pub(super) fn note(&mut self, address: IpAddr, now: Instant) -> Verdict {
        let address = self.counted_as(address, now);
        let fresh = Failing { window_began: now, in_window: 0, line_written: None, since_line: 0 };
        let failing = self.by_address.entry(address).or_insert(fresh);
        if now.duration_since(failing.window_began) >= WINDOW {
            failing.window_began = now;
            failing.in_window = 0;
        }
        failing.in_window = failing.in_window.saturating_add(1);
        failing.since_line += 1;
        let quiet = failing.line_written.is_some_and(|written| now.duration_since(written) < BETWEEN_LINES);
        let line_due = (!quiet).then_some(failing.since_line);
        if line_due.is_some() {
            failing.line_written = Some(now);
            failing.since_line = 0;
        }
        Verdict { too_many: failing.in_window > self.per_second_max, line_due }
    }

    fn counted_as(&mut self, address: IpAddr, now: Instant) -> IpAddr {
        if self.by_address.contains_key(&address) || self.by_address.len() < ADDRESSES_MAX {
            return address;
        }
        self.by_address.retain(|_, failing| now.duration_since(failing.window_began) < BETWEEN_LINES);
        if self.by_address.len() < ADDRESSES_MAX { address } else { THE_OTHERS }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn ten_a_second_are_let_fail_and_the_eleventh_is_too_many() {
        let (mut failures, now) = (Failures::new(10), Instant::now());

        let verdicts: Vec<bool> = (0..12).map(|_| failures.note(ADDRESS, now).too_many).collect();
        let later = failures.note(ADDRESS, now + WINDOW);

        assert_eq!(verdicts.iter().filter(|too_many| !**too_many).count(), 10);
        assert!(!later.too_many);
    }

    #[test]
    fn a_line_a_minute_tells_how_many_there_were() {
        let (mut failures, now) = (Failures::new(10), Instant::now());

        let lines: Vec<_> = [0, 1, 59, 60, 61]
            .map(|seconds| failures.note(ADDRESS, now + Duration::from_secs(seconds)).line_due)
            .into();

        assert_eq!(lines, [Some(1), None, None, Some(3), None]);
    }

    #[test]
    fn however_many_addresses_fail_the_table_is_bounded() {
        let (mut failures, now) = (Failures::new(1), Instant::now());
        for number in 0..20_000_u32 {
            failures.note(IpAddr::V4(number.into()), now);
        }

        assert!(failures.by_address.len() <= ADDRESSES_MAX + 1);
        assert!(failures.note(IpAddr::V4(30_000_u32.into()), now).too_many, "the others share one count");
    }
}
