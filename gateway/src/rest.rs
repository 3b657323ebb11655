//! REST from the schema: one request → one RPC → canonical JSON, or a stream of it.
//!
//! - `request`: path, query and body become the RPC's message; `value` reads one text as one field.
//! - `call`: the RPC itself, through `codec`, which knows every message by its descriptor.
//! - `response`: a message as canonical JSON.
//! - `stream`: many messages, as server-sent events or as lines; `fanout`: one stream for its many readers.

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use goat::access::Caller;
use goat::service::Stop;
use goat::settings::Limits;

use crate::access::Shown;
use crate::engines::Engines;
use crate::problem::Problem;
use crate::schema::{BadSchema, Binding, BodyRule, Operation, Schema};

mod call;
mod codec;
mod fanout;
mod request;
mod response;
mod stream;
mod value;

pub(crate) use call::Rpc;
pub(crate) use request::{message, read_body};
pub(crate) use response::json;
pub(crate) use stream::resumed_by;
pub(crate) use value::is_one_parameter;

use request::Given;
use stream::{Asked, Form, Streams};

/// One binding, ready to be asked.
struct Endpoint {
    rpc: Rpc,
    binding: Binding,
    streams: Streams,
    body_bytes_max: u32,
}

/// A route for every binding of the schema.
///
/// # Errors
///
/// When an RPC belongs to no engine, or its verb cannot be routed.
pub(crate) fn routes(
    schema: &Schema,
    engines: &Engines,
    limits: &Limits,
    stop: &Stop,
) -> Result<Router, BadSchema> {
    let streams = Streams::new(limits.gateway_streams_max, stop.clone());
    let mut router = Router::new();
    for (operation, binding) in schema.bindings() {
        let (filter, rpc) = routed(operation, binding, engines)
            .map_err(|problem| BadSchema::BadRule { rpc: operation.rpc.full_name().to_owned(), problem })?;
        let endpoint = Arc::new(Endpoint {
            body_bytes_max: limits.body_bytes_max_of(rpc.scope()),
            rpc,
            binding: binding.clone(),
            streams: streams.clone(),
        });
        let handler = move |params, request| answer(Arc::clone(&endpoint), params, request);
        router = router.route(&binding.template.to_string(), on(filter, handler));
    }
    Ok(router)
}

fn routed(
    operation: &Operation,
    binding: &Binding,
    engines: &Engines,
) -> Result<(MethodFilter, Rpc), String> {
    let filter = MethodFilter::try_from(binding.verb.clone()).map_err(|error| error.to_string())?;
    Ok((filter, Rpc::of(&operation.rpc, engines)?))
}

async fn answer(
    endpoint: Arc<Endpoint>,
    params: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
) -> Response {
    let answered = match params {
        Ok(params) => try_answer(&endpoint, &params, request).await,
        Err(error) => Err(Problem::invalid(format!("the path cannot be read: {}", error.body_text()))),
    };
    match answered {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn try_answer(
    endpoint: &Endpoint,
    params: &RawPathParams,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    endpoint.rpc.authorize(parts.extensions.get::<Caller>())?;
    let shown = Shown::by(&parts.headers);
    let path = params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let body = match endpoint.binding.body {
        BodyRule::Nothing => bytes::Bytes::new(),
        BodyRule::Whole | BodyRule::Field(_) => {
            request::read_body(&parts.headers, body, endpoint.body_bytes_max).await?
        }
    };
    let given = Given { path, query: request::query(&parts.uri)?, body };

    if !endpoint.rpc.is_streaming() {
        let message = request::build(&endpoint.binding, endpoint.rpc.input(), &given)?;
        return response::whole(&endpoint.rpc.unary(shown.on(message)).await?);
    }
    let (given, resume) = stream::resume_position(&parts.headers, given)?;
    let mut message = request::build(&endpoint.binding, endpoint.rpc.input(), &given)?;
    if let Some(after) = resume {
        stream::resume(&mut message, after);
    }
    let asked = Asked { message, shown, form: Form::wanted(&parts.headers) };
    stream::open(&endpoint.rpc, asked, &endpoint.streams).await
}
