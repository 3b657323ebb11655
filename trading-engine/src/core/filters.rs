//! Automatic filters: ranges of features at which entries did better, found on the past and judged on what came after.
//!
//! ```text
//! cycles in time   ├──── 1 ────┼──── 2 ────┼──── 3 ────┼──── 4 ────┤──────── holdout ────────┤
//! walk-forward      learn       test
//!                   learn       learn       test
//!                   learn       learn       learn       test
//! suggestion        learn       learn       learn       learn       judged once
//! ```
//!
//! Entries of one cycle share its outcome, so cycles and not entries are what is counted: no cycle is divided between
//! learning and judging, an entry that was still open when the judged part began teaches nothing, and every interval
//! is that of the differences between cycles ([`Contrast`]).
//!
//! A search tries thousands of ranges, so the best of them looks good on anything. What it looked like while searching
//! and in the walk-forward is told, but decides nothing by itself: the last third of the cycles takes no part in the
//! search, and a suggestion is judged on it once. It may be applied only when there the lower bounds of its mean gain
//! after costs and of its advantage over entering at random are both above zero. On noise that happens to at most one
//! search in forty (the interval has 95 %, two-sided). Suggestions that are asked for again and again on overlapping
//! data are each so judged, not all together; searches that apply filters by themselves never judge on a cycle twice
//! ([`automatic`]).

pub mod automatic;
mod contrast;
mod search;

pub use contrast::{Contrast, Estimate};
pub use search::{Judged, Judgement, Parameters, Range, Sample, Suggestion, search};

#[cfg(test)]
mod tests;
