//! Whether an update is the next one, by each venue's own rules.

/// What to do with an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Next in line.
    Apply,
    /// The book has it already.
    Duplicate,
    /// The updates from `from` to `to` never came: a new snapshot is needed.
    Gap {
        /// The first that is missing.
        from: u64,
        /// The last that is missing.
        to: u64,
    },
    /// There is no book yet that it could change.
    NeedsSnapshot,
}

/// A run of updates as a venue numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbers {
    /// Whether the venue calls it a whole book.
    pub is_snapshot: bool,
    /// The first update in it.
    pub first: u64,
    /// The last update in it; the book's own number once it is applied.
    pub last: u64,
    /// Bybit's cross sequence: grows across all topics, not contiguous. 0 where there is none.
    pub cross_sequence: u64,
}

/// Judges the updates of one book.
pub trait Judge: Default + std::fmt::Debug {
    /// Whether updates that come before the snapshot have to be kept for it.
    const BUFFERS: bool;

    /// Whether it replaces the book, whatever the book holds.
    #[must_use]
    fn is_whole(numbers: Numbers) -> bool {
        numbers.is_snapshot
    }

    /// Judges an update, and moves on only with [`Verdict::Apply`]: a gap is reported until a snapshot comes.
    fn judge(&mut self, numbers: Numbers) -> Verdict;

    /// Whether a snapshot is older than the first update that was kept for it, so that another one is needed.
    fn is_too_old(snapshot: Numbers, first_kept: Numbers) -> bool;
}

/// Binance's rules for a book that is kept from the diff depth stream.
///
/// 1. Open the stream, buffer its events, note `U` of the first.
/// 2. Get a snapshot. If its `lastUpdateId` is less than that `U`, get another.
/// 3. Drop the events with `u <= lastUpdateId`. The first one left must have `lastUpdateId` within `[U; u]`.
/// 4. Then: ignore an event with `u` below the book's id; with `U` above the book's id + 1 something was lost, start
///    over; otherwise set the levels (quantity 0 deletes) and take `u` as the book's id. Normally each `U` is the
///    `u` before it plus one.
#[derive(Debug, Clone, Copy, Default)]
pub struct BinanceJudge {
    last: Option<u64>,
}

impl Judge for BinanceJudge {
    const BUFFERS: bool = true;

    fn judge(&mut self, numbers: Numbers) -> Verdict {
        if numbers.is_snapshot {
            self.last = Some(numbers.last);
            return Verdict::Apply;
        }
        let Some(last) = self.last else { return Verdict::NeedsSnapshot };
        // After a snapshot that ends exactly where an event does, the first one left begins at its id + 1. That is
        // as contiguous as any later event, so rule 4 decides for it too.
        contiguous(&mut self.last, last, numbers)
    }

    fn is_too_old(snapshot: Numbers, first_kept: Numbers) -> bool {
        snapshot.last < first_kept.first
    }
}

/// Bybit's rules for a topic `orderbook.<depth>.<symbol>`.
///
/// 1. After subscribing a snapshot comes, then deltas. `u` of each delta is the one before it plus one.
/// 2. A new snapshot at any time resets the book.
/// 3. A message with `u` = 1 is a whole book after a restart of the service: it overwrites.
/// 4. A message with a lower `seq` is older.
#[derive(Debug, Clone, Copy, Default)]
pub struct BybitJudge {
    last: Option<u64>,
    cross_sequence: u64,
}

impl Judge for BybitJudge {
    const BUFFERS: bool = false;

    fn is_whole(numbers: Numbers) -> bool {
        numbers.is_snapshot || numbers.last == 1
    }

    fn judge(&mut self, numbers: Numbers) -> Verdict {
        let verdict = match self.last {
            _ if numbers.last == 1 => Verdict::Apply,
            Some(_) if numbers.is_snapshot && numbers.cross_sequence < self.cross_sequence => {
                Verdict::Duplicate
            }
            _ if numbers.is_snapshot => Verdict::Apply,
            None => Verdict::NeedsSnapshot,
            Some(last) => contiguous(&mut self.last, last, numbers),
        };
        if verdict == Verdict::Apply {
            self.last = Some(numbers.last);
            self.cross_sequence = numbers.cross_sequence;
        }
        verdict
    }

    fn is_too_old(_snapshot: Numbers, _first_kept: Numbers) -> bool {
        false
    }
}

fn contiguous(state: &mut Option<u64>, last: u64, numbers: Numbers) -> Verdict {
    let expected = last.saturating_add(1);
    if numbers.last < expected {
        Verdict::Duplicate
    } else if numbers.first > expected {
        Verdict::Gap { from: expected, to: numbers.first - 1 }
    } else {
        *state = Some(numbers.last);
        Verdict::Apply
    }
}

#[cfg(test)]
mod tests;
