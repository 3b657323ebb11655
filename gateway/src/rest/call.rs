//! One RPC of one engine.

use std::time::Duration;

use axum::http::uri::PathAndQuery;
use goat::access::{self, Caller, Guard, Scope};
use prost_reflect::{DynamicMessage, MessageDescriptor, MethodDescriptor};
use tonic::client::Grpc;
use tonic::codec::Streaming;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

use super::codec::DynamicCodec;
use crate::engines::{Engine, Engines};
use crate::problem::Problem;

/// An RPC and the engine that answers it.
#[derive(Debug, Clone)]
pub(crate) struct Rpc {
    method: MethodDescriptor,
    scope: Scope,
    path: PathAndQuery,
    engine: Engine,
}

impl Rpc {
    /// The RPC `method`, answered by whoever implements its service.
    ///
    /// # Errors
    ///
    /// When nobody does, or its name makes no path.
    pub(crate) fn of(method: &MethodDescriptor, engines: &Engines) -> Result<Self, String> {
        let service = method.parent_service();
        let package = service.package_name();
        let engine =
            engines.of_package(package).ok_or_else(|| format!("no engine serves the package {package}"))?;
        let path = format!("/{}/{}", service.full_name(), method.name());
        let path = PathAndQuery::try_from(path).map_err(|error| error.to_string())?;
        Ok(Self { method: method.clone(), scope: access::scope(method), path, engine: engine.clone() })
    }

    /// What a token must be allowed.
    pub(super) fn scope(&self) -> Scope {
        self.scope
    }

    /// Whether the caller may ask it. The engine asks the same; here it also holds where an engine has other
    /// settings.
    pub(crate) fn authorize(&self, caller: Option<&Caller>) -> Result<(), Problem> {
        let nobody = || Problem::new(Code::Unauthenticated, "nobody is known to have asked");
        let allowed = Guard::authorize(caller.ok_or_else(nobody)?, self.scope, self.path.path());
        allowed.map_err(|refusal| Problem::new(refusal.code(), refusal.message()))
    }

    /// The message that it takes.
    pub(crate) fn input(&self) -> MessageDescriptor {
        self.method.input()
    }

    /// The message that it answers with.
    pub(super) fn output(&self) -> MessageDescriptor {
        self.method.output()
    }

    /// Where it lies in gRPC.
    pub(super) fn path(&self) -> &PathAndQuery {
        &self.path
    }

    /// Whether it answers with many messages.
    pub(super) fn is_streaming(&self) -> bool {
        self.method.is_server_streaming()
    }

    /// Who answers.
    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Asks for one message.
    pub(crate) async fn unary(&self, request: Request<DynamicMessage>) -> Result<DynamicMessage, Problem> {
        let mut client = self.client(self.engine.shared());
        let asked = async {
            self.ready(&mut client).await?;
            let answer = client.unary(request, self.path.clone(), self.codec()).await;
            answer.map_err(|status| self.engine.problem(&status))
        };
        match tokio::time::timeout(self.deadline(), asked).await {
            Ok(answer) => answer.map(tonic::Response::into_inner),
            Err(_) => Err(self.too_slow()),
        }
    }

    /// Asks for a stream; only its opening has a deadline.
    pub(super) async fn stream(
        &self,
        request: Request<DynamicMessage>,
    ) -> Result<Streaming<DynamicMessage>, Problem> {
        let mut client = self.client(self.engine.own());
        let asked = async {
            self.ready(&mut client).await?;
            let answer = client.server_streaming(request, self.path.clone(), self.codec()).await;
            answer.map_err(|status| self.engine.problem(&status))
        };
        match tokio::time::timeout(self.deadline(), asked).await {
            Ok(answer) => answer.map(tonic::Response::into_inner),
            Err(_) => Err(self.too_slow()),
        }
    }

    async fn ready(&self, client: &mut Grpc<Channel>) -> Result<(), Problem> {
        client.ready().await.map_err(|error| self.engine.problem(&Status::from_error(error.into())))
    }

    fn codec(&self) -> DynamicCodec {
        DynamicCodec(self.method.output())
    }

    fn too_slow(&self) -> Problem {
        let seconds = self.deadline().as_secs_f64();
        Problem::new(
            Code::DeadlineExceeded,
            format!("the {} did not answer within {seconds} s", self.engine.name()),
        )
    }

    fn deadline(&self) -> Duration {
        self.engine.limits.call_timeout()
    }

    fn client(&self, channel: Channel) -> Grpc<Channel> {
        Grpc::new(channel).max_decoding_message_size(self.engine.limits.response_bytes_max as usize)
    }
}
