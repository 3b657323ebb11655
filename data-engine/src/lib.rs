//! Records the market; never stops, never computes.
//!
//! ```text
//! feeds → ingest (bounded) → sequencer (one thread: seq, duplicates) → journal (truth)
//!                                                     journal ─┬→ hot store (SQL, rebuilt from it)
//!                                                              └→ serve (one subscription = one cursor)
//! ```
//!
//! - [`feeds`]: one module a source; parsers are pure and stand apart from their sockets.
//! - [`ingest`]: the one way into the log; [`sequencer`] owns positions and refuses duplicates.
//! - [`journal`]: the append-only log. Its file format is the wire format of the stream.
//! - [`hot`]: `DuckDB` in memory: a fold of the journal.
//! - [`serve`]: the gRPC service.

pub mod book;
mod check;
pub mod feeds;
pub mod hot;
pub mod ingest;
pub mod instance;
pub mod journal;
pub mod journal_tool;
pub mod latest;
mod run;
pub mod sequencer;
pub mod serve;

pub use check::check;
pub use run::run;
