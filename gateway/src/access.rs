//! Who may ask the gateway, and with whose token the engines are asked.

use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use goat::access::Guard;
use goat::service::Visitor;

use crate::problem::Problem;

/// Lets a request with a known token go on, with its caller as an extension.
pub(crate) async fn admit(State(guard): State<Guard>, mut request: Request, next: Next) -> Response {
    match guard.authenticate(request.headers(), Visitor::address_of(&request)) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(refusal) => Problem::new(refusal.code(), refusal.message()).into_response(),
    }
}

/// The token that a caller showed, for the engine: the engine decides what it allows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Shown(Option<HeaderValue>);

impl Shown {
    /// What these headers show.
    pub(crate) fn by(headers: &HeaderMap) -> Self {
        let shown = headers.get(AUTHORIZATION).cloned().map(|mut value| {
            value.set_sensitive(true);
            value
        });
        Self(shown)
    }

    /// A request to an engine that shows it too.
    pub(crate) fn on<T>(&self, message: T) -> tonic::Request<T> {
        let mut headers = HeaderMap::new();
        headers.extend(self.0.clone().map(|value| (AUTHORIZATION, value)));
        let metadata = tonic::metadata::MetadataMap::from_headers(headers);
        tonic::Request::from_parts(metadata, tonic::Extensions::new(), message)
    }
}
