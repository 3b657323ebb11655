//! Plays as users write them: checked at the border, named after the culprit when refused.
//!
//! [`parse`] makes a [`Play`](crate::core::play::Play) of a document, [`document`] a document of a play. The
//! original system's names are understood on input ([`original`]).

mod configured;
mod document;
pub mod file;
mod original;
mod parse;

pub use configured::configured;
pub use document::document;
pub use parse::{InvalidPlay, parse, play_id};
