//! Order books: what can be read from one, apart from where it came from.

pub mod depth_history;
pub mod features;
