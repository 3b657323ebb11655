//! All that the gateway serves, as one router.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use goat::service::{Entrance, Stop};
use tonic::Code;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate, SizeAbove};

use crate::engines::Engines;
use crate::origin::Origins;
use crate::problem::Problem;
use crate::rate::Rate;
use crate::schema::{BadSchema, Schema};
use crate::site::Site;
use crate::{access, health, mcp, measure, openapi, rest};

/// Paths that are served beside the schema's own.
pub(crate) const HEALTH: &str = "/health";
/// Where an assistant asks.
pub(crate) const MCP: &str = "/mcp";
/// Where the description of all paths lies.
pub(crate) const OPENAPI: &str = "/openapi.json";

/// On every answer, whatever it is. Nothing is loaded from anywhere else, and nobody frames us.
const SECURITY_HEADERS: [(HeaderName, &str); 3] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; \
         img-src 'self' data:; font-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'",
    ),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
];

/// A shorter answer fits into one packet as it is.
const COMPRESSED_FROM_BYTES: u16 = 1024;

/// From where, and how often, one may ask.
#[derive(Debug)]
pub(crate) struct Visitors {
    pub(crate) origins: Origins,
    pub(crate) rate: Rate,
}

impl Visitors {
    fn judge(&self, request: &Request) -> Result<(), Problem> {
        self.rate.judge(request)?;
        self.origins.judge(request)
    }
}

/// REST, assistants, health, description and dashboard, in front of these engines. Whatever an engine answers needs a
/// token, where there are tokens; the description and the dashboard's files hold no data, and need none. `settings` are
/// the settings as an object, for the description.
///
/// # Errors
///
/// When the schema's annotations cannot be served.
pub(crate) fn router(
    engines: &Engines,
    entrance: &Entrance,
    settings: &serde_json::Value,
    visitors: Visitors,
    stop: &Stop,
) -> Result<Router, BadSchema> {
    let schema = Schema::load()?;
    refuse_reserved(&schema)?;
    let description = Json(openapi::document(&schema, settings, entrance.guard.asks_for_tokens()));
    let site = Site::built_in(&schema);
    let asked = engines.clone();

    let router = rest::routes(&schema, engines, &entrance.limits, stop)?
        .route(
            HEALTH,
            get(move |headers: HeaderMap| health::answer(asked.clone(), access::Shown::by(&headers))),
        )
        .route(MCP, mcp::route(&schema, engines, entrance, stop)?)
        .route_layer(from_fn_with_state(entrance.guard.clone(), access::admit))
        .route(OPENAPI, get(move || async move { description.clone() }))
        .fallback(move |request: Request| async move { site.answer(&request) })
        .method_not_allowed_fallback(move |request: Request| {
            let refusal = method_not_allowed(request.method(), request.uri().path());
            async move { refusal }
        });
    let router = match visitors.origins.cors() {
        Some(cors) => router.layer(cors),
        None => router,
    };
    Ok(router
        .layer(CompressionLayer::new().compress_when(compressible()))
        .layer(from_fn_with_state(Arc::new(visitors), receive)))
}

/// What every request passes, in one piece: a layer costs each request a copy of all that lie beneath it.
async fn receive(State(visitors): State<Arc<Visitors>>, request: Request, next: Next) -> Response {
    let measuring = measure::Answering::begin(&request);
    let mut response = match visitors.judge(&request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    measuring.end(&response);
    for (name, value) in SECURITY_HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The request knows the path, but not by this verb.
pub(crate) fn method_not_allowed(verb: &Method, path: &str) -> Problem {
    Problem::new(Code::Unimplemented, format!("{verb} is not allowed on {path}"))
        .with_http(StatusCode::METHOD_NOT_ALLOWED)
}

/// A stream must not wait in a compressor for the next message, a font is compressed already, and what is short is
/// not worth the time.
fn compressible() -> impl Predicate {
    DefaultPredicate::new()
        .and(SizeAbove::new(COMPRESSED_FROM_BYTES))
        .and(NotForContentType::const_new("application/x-ndjson"))
        .and(NotForContentType::const_new("font/woff2"))
}

fn refuse_reserved(schema: &Schema) -> Result<(), BadSchema> {
    for (operation, binding) in schema.bindings() {
        let path = binding.template.to_string();
        if [HEALTH, MCP, OPENAPI].contains(&path.as_str()) {
            let rpc = operation.rpc.full_name().to_owned();
            return Err(BadSchema::BadRule { rpc, problem: format!("{path} is the gateway's own path") });
        }
    }
    Ok(())
}
