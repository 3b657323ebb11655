//! How every service of ours starts, serves, connects and stops.

mod admin;
mod connect;
pub mod measure;
mod serve;
mod start;
mod telemetry;

pub use admin::{Readiness, serve_admin};
pub use connect::{channel, subscriber_channel};
pub use serve::{bind, serve_grpc};
pub use start::{Failure, Options, Stop, start};
