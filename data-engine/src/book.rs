//! Order books: kept exactly, judged by their numbers, and what can be read from one. All pure.
//!
//! - [`fixed`]: prices and quantities as venues write them, digit by digit. [`order_book`]: the levels of one symbol.
//! - [`sequence`]: whether an update is the next one, by each venue's own rules.
//! - [`live`]: levels and numbers together: a book that is served only while it is known to be right.
//! - [`features`], [`depth_history`]: what a book looks like in numbers.

pub mod depth_history;
pub mod features;
pub mod fixed;
pub mod live;
pub mod order_book;
pub mod sequence;
