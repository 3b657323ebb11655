//! Who answers which package, and what it means when nobody does.

use std::error::Error;
use std::net::SocketAddr;

use goat::service::Reach;
use goat::settings::{Limits, Settings};
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::problem::Problem;

/// One engine and the way to it.
#[derive(Debug, Clone)]
pub(crate) struct Engine {
    name: &'static str,
    address: SocketAddr,
    reach: Reach,
    channel: Channel,
    /// How long it may take, and how long its answers may be.
    pub(crate) limits: Limits,
}

impl Engine {
    fn new(name: &'static str, address: SocketAddr, reach: &Reach, limits: &Limits) -> Self {
        let (reach, limits) = (reach.clone(), limits.clone());
        Self { name, address, channel: reach.channel(address), reach, limits }
    }

    /// The name of the service, as an operator knows it.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// The connection that short calls share.
    pub(crate) fn shared(&self) -> Channel {
        self.channel.clone()
    }

    /// A connection of its own for one stream: a reader that pauses fills the window of its connection,
    /// and must not hold back anybody else's.
    pub(crate) fn own(&self) -> Channel {
        self.reach.channel(self.address)
    }

    /// What the caller is told when the engine fails: its own words, or that it was not reached.
    pub(crate) fn problem(&self, status: &Status) -> Problem {
        match status.source() {
            // Only a status made on this side has a source: the engine never said anything.
            Some(source) => self.unreached(&innermost(source)),
            None => Problem::new(status.code(), status.message()),
        }
    }

    /// The engine is not there, or no longer.
    fn unreached(&self, reason: &str) -> Problem {
        let Self { name, address, .. } = self;
        Problem::new(Code::Unavailable, format!("the {name} does not answer at {address}: {reason}"))
    }
}

/// Both engines, and the gateway's own service, which is asked as they are.
#[derive(Debug, Clone)]
pub(crate) struct Engines {
    pub(crate) market: Engine,
    pub(crate) trading: Engine,
    publisher: Engine,
}

impl Engines {
    /// The engines at the addresses of the settings; connected when they are first asked.
    pub(crate) fn new(settings: &Settings, reach: &Reach, limits: &Limits) -> Self {
        let engine = |name, address| Engine::new(name, address, reach, limits);
        Self {
            market: engine("data-engine", settings.data_engine.listen),
            trading: engine("trading-engine", settings.trading_engine.listen),
            publisher: engine("gateway", settings.gateway.grpc_listen),
        }
    }

    /// Who implements the services of a package.
    pub(crate) fn of_package(&self, package: &str) -> Option<&Engine> {
        match package {
            "goat.market.v1" => Some(&self.market),
            "goat.trading.v1" => Some(&self.trading),
            "goat.publisher.v1" => Some(&self.publisher),
            _ => None,
        }
    }
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}
