//! The newest bars of a series, without a hole.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use goat::values::UnixMicros;
use serde::{Deserialize, Serialize};

use super::Bar;

/// Bars in a row. What comes after a gap waits until the gap is filled; once as many wait in a row as a decision looks
/// at, the window begins anew with them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Window {
    interval_seconds: u32,
    length: usize,
    bars: VecDeque<Bar>,
    /// Beyond the gap, by the microsecond that they begin at.
    beyond: BTreeMap<i64, Bar>,
    /// Bars that came again, or too late to count.
    ignored: u64,
}

impl Window {
    /// No bars yet; it will keep the newest `length`.
    #[must_use]
    pub fn new(interval_seconds: u32, length: usize) -> Self {
        let (bars, beyond) = (VecDeque::new(), BTreeMap::new());
        Self { interval_seconds, length: length.max(1), bars, beyond, ignored: 0 }
    }

    /// The bars, oldest first.
    pub fn bars(&mut self) -> &[Bar] {
        self.bars.make_contiguous()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bars.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bars.is_empty()
    }

    /// Whether there are as many as a decision looks at.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.bars.len() >= self.length
    }

    /// When the missing candle began; none when none is missing.
    #[must_use]
    pub fn gap_since(&self) -> Option<UnixMicros> {
        let newest = self.bars.back()?;
        (!self.beyond.is_empty()).then(|| self.end_of(newest))
    }

    /// Candles that came again, or too late to count.
    #[must_use]
    pub fn ignored(&self) -> u64 {
        self.ignored
    }

    /// The first moment after a bar.
    #[must_use]
    pub fn end_of(&self, bar: &Bar) -> UnixMicros {
        bar.open_time.plus(Duration::from_secs(self.interval_seconds.into()))
    }

    /// Takes a bar in; [`Window::advance`] says what can be gone on with.
    pub fn put(&mut self, bar: Bar) {
        let is_known = self.bars.back().is_some_and(|newest| bar.open_time < self.end_of(newest));
        if is_known || self.beyond.contains_key(&bar.open_time.get()) {
            self.ignored += 1;
            return;
        }
        self.beyond.insert(bar.open_time.get(), bar);
    }

    /// The next bar in the row, which is in [`Window::bars`] from now on; none while it is missing.
    pub fn advance(&mut self) -> Option<Bar> {
        let (&first, _) = self.beyond.first_key_value()?;
        match self.bars.back() {
            Some(newest) if self.end_of(newest).get() != first => {
                if self.waiting_in_a_row() < self.length {
                    return None;
                }
                self.begin_anew();
            }
            _ => {}
        }
        let (_, bar) = self.beyond.pop_first()?;
        if self.is_full() {
            self.bars.pop_front();
        }
        self.bars.push_back(bar);
        Some(bar)
    }

    /// Bars without a hole up to the newest.
    fn waiting_in_a_row(&self) -> usize {
        let mut later: Option<i64> = None;
        let in_a_row = self.beyond.values().rev().take_while(|bar| {
            let fits = later.is_none_or(|later| self.end_of(bar).get() == later);
            later = Some(bar.open_time.get());
            fits
        });
        in_a_row.count()
    }

    /// Forgets what was before the newest row.
    fn begin_anew(&mut self) {
        let row = self.waiting_in_a_row();
        self.bars.clear();
        while self.beyond.len() > row {
            self.beyond.pop_first();
        }
    }
}
