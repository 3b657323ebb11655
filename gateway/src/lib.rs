//! REST, server-sent events, `OpenAPI` and the dashboard, all from the schema's own annotations; posts and alerts.
//!
//! What the gateway shows is what an RPC answers, and a new annotated RPC appears in REST and `OpenAPI` without a line
//! here. It starts and serves while the engines are down. All that it owns is its outbox: what was told to others.
//!
//! - `schema`: the RPCs that have a path, read from the descriptors.
//! - `rest`: one HTTP request → one RPC → canonical JSON, or a stream of it.
//! - `openapi`: the same bindings, described.
//! - `mcp`: the RPCs that only look, as tools of an assistant.
//! - `health`: both engines asked, one answer.
//! - `site`: the dashboard's files, built in. `guide`: documents as pages, and the schema in words.
//! - `engines`: who answers which package; `problem`: the one form of every refusal.
//! - `publisher`: posts to X, composed from facts, kept in the outbox, sent once. `alerts`: the operator is told.
//! - `access`: whose token is shown to the engines; `origin`: from which websites a browser may ask; `rate`: how often.
//! - `app`: all of it as one router.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing))]

use goat::service::{Entrance, Failure, Reach, Readiness, Stop, bind, serve_admin, serve_grpc, serve_http};
use goat::settings::Settings;
use goat::wire::PublisherServiceServer;
use publisher::run::Publisher;

mod access;
mod alerts;
mod app;
mod engines;
mod guide;
mod health;
mod mcp;
pub mod measure;
mod openapi;
mod origin;
mod problem;
mod publisher;
mod rate;
mod rest;
mod schema;
mod site;

#[cfg(test)]
mod tests;

/// Serves until stopped. Addresses are bound before anything else is done.
///
/// # Errors
///
/// When an address is taken, the schema's annotations cannot be served, or a server ends by itself.
pub async fn run(settings: Settings, stop: Stop) -> Result<(), Failure> {
    let listener = bind("gateway.listen", settings.gateway.listen).await?;
    let grpc = bind("gateway.grpc_listen", settings.gateway.grpc_listen).await?;
    let admin = bind("gateway.metrics_listen", settings.gateway.metrics_listen).await?;
    let entrance = Entrance::of(&settings)?;
    let router = router(&settings, &entrance, &stop)?;
    let publisher = Publisher::open(&settings, &Reach::of(&settings)?).await?;
    let service = PublisherServiceServer::new(publisher::serve::Service(publisher.shared.clone()));

    let readiness = Readiness::default();
    readiness.set(true);
    tracing::info!(address = %settings.gateway.listen, "serving");
    let (administered, (), answered, ()) = tokio::join!(
        serve_admin(admin, measure::METRICS, &entrance, readiness, stop.clone()),
        serve_http(listener, &entrance, "gateway", router, stop.clone()),
        serve_grpc(grpc, &entrance, service, "gateway", stop.clone()),
        publisher.run(stop)
    );
    administered.and(answered)
}

/// Everything that the gateway serves, in front of the engines that the settings name.
///
/// # Errors
///
/// When the engines cannot be reached as configured, or the schema's annotations cannot be served.
fn router(settings: &Settings, entrance: &Entrance, stop: &Stop) -> Result<axum::Router, Failure> {
    let engines = engines::Engines::new(settings, &Reach::of(settings)?, &entrance.limits);
    let internal = |error: serde_json::Error| Failure::Internal(format!("writing the settings: {error}"));
    let described = serde_json::to_value(settings).map_err(internal)?;
    let visitors = app::Visitors {
        origins: origin::Origins::of(settings),
        rate: rate::Rate::new(settings.gateway.requests_per_second_max),
    };
    app::router(&engines, entrance, &described, visitors, stop)
        .map_err(|error| Failure::Internal(error.to_string()))
}

/// Looks at what `run` needs, without serving. An engine that does not answer is a finding, no failure.
///
/// # Errors
///
/// When a port is taken or the schema's annotations cannot be served.
pub fn check(settings: &Settings) -> Result<Vec<String>, Failure> {
    let schema = schema::Schema::load().map_err(|error| Failure::Internal(error.to_string()))?;
    let mut findings = vec![format!("schema: {} paths", schema.bindings().count())];
    findings.push(publisher::run::check(settings)?);
    for (setting, address) in [
        ("gateway.listen", settings.gateway.listen),
        ("gateway.grpc_listen", settings.gateway.grpc_listen),
        ("gateway.metrics_listen", settings.gateway.metrics_listen),
    ] {
        std::net::TcpListener::bind(address).map_err(|error| {
            Failure::Unavailable(format!("cannot listen on {address} ({setting}): {error}"))
        })?;
        findings.push(format!("{setting}: {address} is free"));
    }
    for (engine, address) in
        [("data-engine", settings.data_engine.listen), ("trading-engine", settings.trading_engine.listen)]
    {
        findings.push(goat::service::found(engine, address));
    }
    Ok(findings)
}
