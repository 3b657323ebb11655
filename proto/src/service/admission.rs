//! What every gRPC call passes before it is answered: token, scope, limits, audit.

pub(super) mod body;

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::http::{Request, Response};
use metrics::counter;
use tokio::sync::Semaphore;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};

use self::body::{Answer, Question, Subscription};
use super::{Entrance, Failure, Visitor};
use crate::access::{Caller, Guard, Method, Methods, Scope, audit};
use crate::error::Kind;
use crate::settings::Limits;

pub(super) const REFUSED: &str = "goat_refused_calls_total";
/// Answered to anybody: who asks whether we live has nothing to show.
const HEALTH: &str = "/grpc.health.v1.Health/";

/// Puts the checks in front of a server's routes.
#[derive(Debug, Clone)]
pub(super) struct Admission(Arc<Rules>);

#[derive(Debug)]
struct Rules {
    guard: Guard,
    limits: Limits,
    methods: Methods,
    subscriptions: Arc<Semaphore>,
}

impl Admission {
    /// # Errors
    ///
    /// When the schema cannot be read.
    pub(super) fn new(entrance: &Entrance) -> Result<Self, Failure> {
        let methods =
            Methods::of_schema().map_err(|error| Failure::Internal(format!("the schema: {error}")))?;
        let Entrance { guard, limits, .. } = entrance.clone();
        let subscriptions = Arc::new(Semaphore::new(limits.subscriptions_max as usize));
        Ok(Self(Arc::new(Rules { guard, limits, methods, subscriptions })))
    }
}

/// A call that was let in.
struct Admitted {
    caller: Caller,
    method: Method,
    subscription: Option<Subscription>,
}

impl Rules {
    fn admit<B>(&self, request: &Request<B>, path: &str) -> Result<Admitted, Status> {
        let visitor = request.extensions().get::<Visitor>();
        if visitor.is_some_and(|visitor| visitor.over_limit) {
            let most = self.limits.connections_max;
            return Err(Kind::Exhausted.status(format!("{most} connections are open; try again later")));
        }
        let method = self.methods.at(path);
        let caller = self.guard.authenticate(request.headers(), Visitor::address_of(request))?;
        Guard::authorize(&caller, method.scope, path)?;
        let subscription = method.streams.then(|| self.subscribe()).transpose()?;
        Ok(Admitted { caller, method, subscription })
    }

    fn subscribe(&self) -> Result<Subscription, Status> {
        let most = self.limits.subscriptions_max;
        let permit = Arc::clone(&self.subscriptions).try_acquire_owned();
        permit
            .map(Subscription::begin)
            .map_err(|_| Kind::Exhausted.status(format!("{most} streams are open; try again later")))
    }
}

impl<S> Layer<S> for Admission {
    type Service = Admitting<S>;

    fn layer(&self, inner: S) -> Admitting<S> {
        Admitting { rules: Arc::clone(&self.0), inner }
    }
}

/// A server's routes behind the checks.
#[derive(Debug, Clone)]
pub(super) struct Admitting<S> {
    rules: Arc<Rules>,
    inner: S,
}

impl<S> Service<Request<Body>> for Admitting<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let path = request.uri().path().to_owned();
        if path.starts_with(HEALTH) {
            return Box::pin(self.inner.call(request));
        }
        let admitted = match self.rules.admit(&request, &path) {
            Ok(admitted) => admitted,
            Err(refusal) => {
                counter!(REFUSED, "code" => format!("{:?}", refusal.code())).increment(1);
                return Box::pin(async move { Ok(refusal.into_http()) });
            }
        };
        let most = self.rules.limits.request_bytes_max;
        let request = request.map(|body| Body::new(Question::new(body, most)));
        let answered = self.inner.call(request);
        Box::pin(answer(Arc::clone(&self.rules), admitted, path, answered))
    }
}

async fn answer(
    rules: Arc<Rules>,
    admitted: Admitted,
    path: String,
    answered: impl Future<Output = Result<Response<Body>, Infallible>> + Send,
) -> Result<Response<Body>, Infallible> {
    let Admitted { caller, method, subscription } = admitted;
    let limits = &rules.limits;
    let response = match tokio::time::timeout(limits.call_timeout(), answered).await {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(_) => {
            let limit = limits.call_timeout_ms;
            Kind::TooSlow.status(format!("no answer within {limit} ms")).into_http()
        }
    };
    if method.scope == Scope::Admin {
        // What fails says so in the head: a call that changes something answers with one message.
        let outcome =
            Status::from_header_map(response.headers()).unwrap_or_else(|| Status::new(Code::Ok, ""));
        audit(&caller, &path, &outcome);
    }
    let most = limits.response_bytes_max;
    Ok(response.map(|body| Body::new(Answer::new(body, most, subscription))))
}

#[cfg(test)]
mod tests;
