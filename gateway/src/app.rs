//! All that the gateway serves, as one router.

use axum::extract::Request;
use axum::http::header::HeaderName;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use axum::{Json, Router};
use goat::service::{Entrance, Stop};
use tonic::Code;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::engines::Engines;
use crate::origin::{self, Origins};
use crate::problem::Problem;
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
const SECURITY_HEADERS: [(&str, &str); 3] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; \
         img-src 'self' data:; font-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
];

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
    origins: Origins,
    stop: &Stop,
) -> Result<Router, BadSchema> {
    let schema = Schema::load()?;
    refuse_reserved(&schema)?;
    let description = Json(openapi::document(&schema, settings, entrance.guard.asks_for_tokens()));
    let site = Site::built_in();
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
    let router = match origins.cors() {
        Some(cors) => router.layer(cors),
        None => router,
    };
    let router = router
        .layer(from_fn_with_state(origins, origin::admit))
        .layer(CompressionLayer::new().compress_when(compressible()))
        .layer(from_fn(measure::requests));
    Ok(SECURITY_HEADERS.into_iter().fold(router, |router, (name, value)| {
        let (name, value) = (HeaderName::from_static(name), HeaderValue::from_static(value));
        router.layer(SetResponseHeaderLayer::overriding(name, value))
    }))
}

/// The request knows the path, but not by this verb.
pub(crate) fn method_not_allowed(verb: &Method, path: &str) -> Problem {
    Problem::new(Code::Unimplemented, format!("{verb} is not allowed on {path}"))
        .with_http(StatusCode::METHOD_NOT_ALLOWED)
}

/// A stream must not wait in a compressor for the next message, and a font is compressed already.
fn compressible() -> impl Predicate {
    DefaultPredicate::new()
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
