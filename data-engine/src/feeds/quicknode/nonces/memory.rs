//! Which nonces are used, under way or forgotten.

use std::collections::{BTreeMap, HashSet};

use super::Key;

/// The most nonces that are remembered: as many as 6,600 posts a second use up in two windows of five minutes.
const NONCES_MAX: usize = 4_000_000;

/// A minute of the senders' timestamps, counted since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Minute(pub(super) i64);

impl Minute {
    pub(super) fn of(seconds: i64) -> Self {
        Self(seconds.div_euclid(60))
    }

    fn last_second(self) -> i64 {
        self.0.saturating_mul(60).saturating_add(59)
    }
}

/// A nonce cannot be reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unavailable {
    /// Its post was answered with success.
    Used,
    /// A post with it has not been answered yet.
    UnderWay,
    /// It is so old that nobody knows any more.
    Forgotten,
    /// No more can be remembered.
    Full,
}

/// The nonces, by the minutes of their posts' timestamps.
///
/// They are forgotten when a *verified* post shows that the sender's clock, not only ours, has left them behind: a
/// clock of ours that jumps ahead forgets nothing. What is forgotten is refused from then on, also when the window
/// is made longer or a clock is set back.
#[derive(Debug)]
pub(super) struct Memory {
    window_seconds: i64,
    count_max: usize,
    count: usize,
    used: BTreeMap<Minute, HashSet<Key>>,
    under_way: HashSet<Key>,
    forgotten: Option<Minute>,
}

impl Memory {
    pub(super) fn new(window_seconds: i64) -> Self {
        Self {
            window_seconds,
            count_max: NONCES_MAX,
            count: 0,
            used: BTreeMap::new(),
            under_way: HashSet::new(),
            forgotten: None,
        }
    }

    /// Keeps others from using a nonce whose post was signed in `minute`.
    pub(super) fn reserve(&mut self, key: Key, minute: Minute, now: i64) -> Result<(), Unavailable> {
        if self.used.values().any(|keys| keys.contains(&key)) {
            return Err(Unavailable::Used);
        }
        if self.forgotten.is_some_and(|forgotten| minute <= forgotten) {
            return Err(Unavailable::Forgotten);
        }
        // When some have expired, the post that is let in makes room.
        if self.count >= self.count_max && self.newest_expired(now).is_none() {
            return Err(Unavailable::Full);
        }
        if self.under_way.insert(key) { Ok(()) } else { Err(Unavailable::UnderWay) }
    }

    /// The post of a reserved nonce has ended, one way or the other.
    pub(super) fn release(&mut self, key: &Key) {
        self.under_way.remove(key);
    }

    /// The nonce is used for good.
    pub(super) fn use_up(&mut self, key: Key, minute: Minute) {
        if self.used.entry(minute).or_default().insert(key) {
            self.count += 1;
        }
    }

    /// Nothing up to `minute` is known any more.
    pub(super) fn forgotten_until(&mut self, minute: Minute) {
        self.forgotten = self.forgotten.max(Some(minute));
    }

    /// Forgets what cannot be accepted at `now` anyway; the newest minute of it, when there is any.
    pub(super) fn forget_expired(&mut self, now: i64) -> Option<Minute> {
        let newest = self.newest_expired(now)?;
        let kept = self.used.split_off(&Minute(newest.0.saturating_add(1)));
        self.used = kept;
        self.count = self.used.values().map(HashSet::len).sum();
        self.forgotten_until(newest);
        Some(newest)
    }

    fn newest_expired(&self, now: i64) -> Option<Minute> {
        let oldest_accepted = now.saturating_sub(self.window_seconds);
        let expired = |minute: &&Minute| minute.last_second() < oldest_accepted;
        self.used.keys().take_while(expired).last().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_763_995_680;

    fn memory() -> Memory {
        Memory::new(300)
    }

    fn minutes_before(now: i64, minutes: i64) -> Minute {
        Minute::of(now - 60 * minutes)
    }

    #[test]
    fn a_nonce_is_used_once_whatever_its_timestamp() {
        let mut memory = memory();
        memory.reserve([1; 16], Minute::of(NOW), NOW).unwrap();
        memory.use_up([1; 16], Minute::of(NOW));
        memory.release(&[1; 16]);

        assert_eq!(memory.reserve([1; 16], Minute::of(NOW), NOW), Err(Unavailable::Used));
        assert_eq!(memory.reserve([1; 16], minutes_before(NOW, 3), NOW), Err(Unavailable::Used));
        assert_eq!(memory.reserve([2; 16], Minute::of(NOW), NOW), Ok(()));
    }

    #[test]
    fn a_nonce_whose_post_failed_can_be_sent_again_but_not_beside_it() {
        let mut memory = memory();
        memory.reserve([1; 16], Minute::of(NOW), NOW).unwrap();
        assert_eq!(memory.reserve([1; 16], Minute::of(NOW), NOW), Err(Unavailable::UnderWay));
        memory.release(&[1; 16]);
        assert_eq!(memory.reserve([1; 16], Minute::of(NOW), NOW), Ok(()));
    }

    #[test]
    fn what_is_forgotten_is_refused_also_when_a_clock_is_set_back() {
        let mut memory = memory();
        let (old, young) = (minutes_before(NOW, 6), minutes_before(NOW, 5));
        memory.use_up([1; 16], old);
        memory.use_up([2; 16], young);

        assert_eq!(memory.forget_expired(NOW), Some(old));

        assert_eq!(memory.forget_expired(NOW), None);
        assert_eq!(memory.count, 1);
        let then = NOW - 120;
        assert_eq!(memory.reserve([1; 16], old, then), Err(Unavailable::Forgotten));
        assert_eq!(memory.reserve([2; 16], young, then), Err(Unavailable::Used));
        assert_eq!(memory.reserve([3; 16], young, then), Ok(()));
    }

    #[test]
    fn a_full_memory_takes_no_more_until_some_have_expired() {
        let mut memory = Memory { count_max: 1, ..memory() };
        memory.use_up([1; 16], Minute::of(NOW));
        assert_eq!(memory.reserve([2; 16], Minute::of(NOW), NOW), Err(Unavailable::Full));

        let later = NOW + 360;
        assert_eq!(memory.reserve([2; 16], Minute::of(later), later), Ok(()));
    }
}
