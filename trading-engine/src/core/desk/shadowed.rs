//! What is followed without being entered: rejected candidates, and entries at random.

use super::{Desk, Now, Report, World};
use crate::core::cycles::{Cycle, Tick};
use crate::core::decision::Decision;
use crate::core::play::Play;
use crate::core::shadows::Moment;

impl Desk {
    /// Every shadow at one price; and the next samples, when they are due.
    pub(super) fn fold_shadows(
        &mut self,
        now: Now,
        tick: &Tick,
        closed: &[Cycle],
        world: &World<'_>,
        reports: &mut Vec<Report>,
    ) {
        let complete = self.shadows.fold_price(now.time, tick, closed, world.cycle, &self.limits);
        reports.extend(complete.into_iter().map(|shadow| Report::Shadow(Box::new(shadow))));
        if !self.plays.iter().any(|play| play.active) || !self.shadows.sample(now.time) {
            return;
        }
        let at = Moment { seq: now.seq, time: now.time, limits: &self.limits };
        let mut sampled = false;
        for play in self.plays.iter().filter(|play| play.active) {
            sampled |= self.shadows.take_sample(at, play);
        }
        if sampled {
            self.keep_features(now, reports);
        }
    }

    /// Follows a candidate that was turned away; false when it is not to be followed.
    pub(super) fn shadow(&mut self, now: Now, play: &Play, decision: &Decision) -> bool {
        let at = Moment { seq: now.seq, time: now.time, limits: &self.limits };
        self.shadows.reject(at, play, decision)
    }

    /// Keeps the features of now with the shadows that begin.
    pub(super) fn keep_features(&mut self, now: Now, reports: &mut Vec<Report>) {
        if self.shadows.keep_features(now.seq, now.time) {
            reports.push(Report::ShadowsBegan(now.seq));
        }
        self.shadows.note_features(now.seq, now.time);
    }
}
