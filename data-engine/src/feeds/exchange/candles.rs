//! Contiguous closed candles, with history and holes fetched.
//!
//! - [`series`]: what comes next, and what is missing. Pure.
//! - [`feed`]: asks for it and records it.

pub mod feed;
pub mod series;
