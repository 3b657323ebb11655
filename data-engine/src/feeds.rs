//! Where the events come from. One module a source, its parser apart from its socket.

pub mod binance;
pub mod board;
pub mod book_states;
pub mod bybit;
pub mod exchange;
pub mod jupiter;
mod outbox;
pub mod price_states;
pub mod quicknode;
pub mod reconnects;
pub mod replay;
pub mod simulated;
pub mod watch;
pub mod watchdog;
