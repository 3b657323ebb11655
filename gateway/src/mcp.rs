//! The Model Context Protocol: an assistant asks the RPCs that REST asks, and changes nothing.
//!
//! Each request stands for itself, with its token: no session is kept, and nothing is sent but answers.
//!
//! - `tools`: which RPCs are tools, described by the schema.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, post};
use goat::access::{Caller, Scope};
use goat::service::{Entrance, Stop};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, RoleServer, ServerHandler};

use crate::access::Shown;
use crate::engines::Engines;
use crate::problem::Problem;
use crate::rest;
use crate::schema::{BadSchema, Schema};

mod tools;

use tools::{Tool, Tools};

/// What an assistant is told before it asks.
const INSTRUCTIONS: &str = "Follow The Goat records crypto markets and the wallets that trade them, and trades paper \
    by rules. Nothing can be changed here. Begin with market_status and trading_status: they say which world is \
    recorded, and whether a simulated one. Answers are canonical protobuf JSON: times are RFC 3339 in UTC, integers of \
    64 bits are text. What has an age or a source says so; repeat it with the number. why_not and get_funnel say \
    why nothing was traded, explain_decision why something was. For what no tool answers there is SQL: \
    query_market on recorded events (list_tables names the tables), query_workspace on what the trading-engine \
    made of them.";

type Service = StreamableHttpService<Arc<Assistant>, NeverSessionManager>;

/// The route of the protocol.
///
/// # Errors
///
/// When a tool is not in the schema, or is none that may be offered.
pub(crate) fn route(
    schema: &Schema,
    engines: &Engines,
    entrance: &Entrance,
    stop: &Stop,
) -> Result<MethodRouter, BadSchema> {
    let assistant = Arc::new(Assistant(Tools::of(schema, engines)?));
    let body_bytes_max = entrance.limits.body_bytes_max_of(Scope::Read);
    // For which host, and from which origin, is judged for every path alike.
    let config = StreamableHttpServerConfig::default()
        .disable_allowed_hosts()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(body_bytes_max as usize)
        .with_cancellation_token(stop.clone());
    let service = Service::new(move || Ok(Arc::clone(&assistant)), Arc::default(), config);
    Ok(post(move |request| answer(service, request, body_bytes_max)))
}

/// The body is read here, where it has a time limit and refusals have their form.
async fn answer(service: Service, request: Request, body_bytes_max: u32) -> Response {
    let (parts, body) = request.into_parts();
    match rest::read_body(&parts.headers, body, body_bytes_max).await {
        Ok(body) => {
            let request = Request::from_parts(parts, Body::from(body));
            service.handle(request).await.map(Body::new)
        }
        Err(problem) => problem.into_response(),
    }
}

/// The server's side of the protocol.
struct Assistant(Tools);

impl ServerHandler for Assistant {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("follow-the-goat", env!("CARGO_PKG_VERSION")))
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.0.described()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let tool = self.0.named(&request.name).map_err(|unknown| ErrorData::invalid_params(unknown, None))?;
        let parts = context
            .extensions
            .get::<Parts>()
            .ok_or_else(|| ErrorData::internal_error("nobody is known to have asked", None))?;
        let arguments = serde_json::Value::Object(request.arguments.unwrap_or_default());
        // A refusal is an answer that the assistant reads, and can do better after.
        let result = ask(tool, parts, &arguments)
            .await
            .unwrap_or_else(|problem| CallToolResult::error(vec![ContentBlock::text(problem.message())]));
        Ok(result.into())
    }
}

/// Asks with the token of whoever asked us.
async fn ask(tool: &Tool, parts: &Parts, arguments: &serde_json::Value) -> Result<CallToolResult, Problem> {
    tool.rpc.authorize(parts.extensions.get::<Caller>())?;
    let message = rest::message(&tool.rpc.input(), arguments, "arguments")?;
    let answer = tool.rpc.unary(Shown::by(&parts.headers).on(message)).await?;
    let text = rest::json(&answer)?;
    let structured = serde_json::from_str(&text).map_err(|error| {
        Problem::new(tonic::Code::Internal, format!("the answer cannot be read again: {error}"))
    })?;
    let mut result = CallToolResult::success(vec![ContentBlock::text(text)]);
    result.structured_content = Some(structured);
    Ok(result)
}
