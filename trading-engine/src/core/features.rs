//! What the market looked like before a moment: about 150 numbers from the fifteen full minutes before it.
//!
//! ```text
//! events ─▶ Windows::fold ─▶ seconds (a ring for each source) ─▶ Windows::at ─▶ FeatureSet ─▶ validator, rows
//!                            prices·book·trades·whales            moment × catalogue
//! ```
//!
//! - [`Windows`]: the state. Each second of each source is one bucket of sums; 26 minutes of them are kept.
//! - [`catalogue()`]: the one table of features: name, group, unit, formula, and the function that computes it.
//! - [`FeatureSet`]: the values at one moment.
//! - `seconds` is the ring; `prices`, `book`, `trades`, `whales` are its buckets; `moment` is what the formulas read:
//!   25 minutes of each source; `over_time` has what they do across minutes; `series` is the price second by second,
//!   and `swings` and `patterns` what is seen in it.
//!
//! **Minutes.** `t` is the moment of decision, floored to the whole second. Minute `k` (0 to 14) covers
//! `[t − (k+1)·60 s, t − k·60 s)`: every minute is full, 0 is the newest, and nothing of the running second or later
//! is used.
//!
//! **Clock.** An event counts in the second in which it became known, the `now` of the fold. That is the core's clock:
//! what came late counts late, however old it says it is, because nobody could have used it earlier.
//!
//! **Not computable is none**, never 0 and no sentinel: a minute without an event of its source, a lag that meets such
//! a minute, a ratio to zero. A value over several minutes needs each of them. Whether nobody traded or the feed was
//! down cannot be told from an empty minute, so counts are none there too.

mod book;
mod catalogue;
mod moment;
mod over_time;
mod patterns;
mod prices;
mod seconds;
mod series;
mod set;
mod swings;
mod trades;
mod whales;
mod windows;

pub use self::catalogue::{Feature, FeatureId, Group, Unit, catalogue, find, near};
pub use self::moment::MINUTES;
pub use self::set::{FeatureRow, FeatureSet};
pub use self::windows::Windows;

//mod tests;

#[cfg(test)]
mod tests;
