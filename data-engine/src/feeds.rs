//! Where the events come from. One module a source, its parser apart from its socket.

pub mod board;
pub mod jupiter;
mod outbox;
pub mod quicknode;
pub mod replay;
pub mod simulated;
