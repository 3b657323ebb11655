//! How every service of ours starts, serves, connects and stops.
//!
//! - `start`: from the command line to a running service and out again; `telemetry`: its log.
//! - `entrance`: what stands between the network and a service: `tls`, tokens, limits.
//! - `serve`: gRPC behind it, every call through `admission`; `http`: HTTP behind it; `admin`: metrics and health; [`measure`]: what is counted.
//! - `connect`: the way from one service to another.

mod admin;
mod admission;
mod connect;
mod entrance;
mod http;
pub mod measure;
mod serve;
mod start;
mod telemetry;
mod tls;

pub use admin::{Readiness, serve_admin};
pub use connect::{Credential, Reach, ServiceChannel, channel, found, subscriber_channel};
pub use entrance::{Connection, Connections, Entrance, Visitor};
pub use http::serve_http;
pub use serve::{bind, serve_grpc};
pub use start::{Failure, Options, Stop, start};
pub use tls::{ServerTls, Speaks};
