//! One RPC of one engine.

use std::time::Duration;

use axum::http::uri::PathAndQuery;
use prost_reflect::{DynamicMessage, MessageDescriptor, MethodDescriptor};
use tonic::client::Grpc;
use tonic::codec::Streaming;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

use super::codec::DynamicCodec;
use crate::engines::Engine;
use crate::problem::Problem;

/// An RPC and the engine that answers it.
#[derive(Debug, Clone)]
pub(super) struct Rpc {
    method: MethodDescriptor,
    path: PathAndQuery,
    engine: Engine,
}

impl Rpc {
    /// The RPC `method`, answered by `engine`.
    ///
    /// # Errors
    ///
    /// When its name makes no path.
    pub(super) fn new(method: &MethodDescriptor, engine: Engine) -> Result<Self, String> {
        let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
        let path = PathAndQuery::try_from(path).map_err(|error| error.to_string())?;
        Ok(Self { method: method.clone(), path, engine })
    }

    /// Its path, as gRPC knows it.
    pub(super) fn name(&self) -> &str {
        self.path.path()
    }

    /// The message that it takes.
    pub(super) fn input(&self) -> MessageDescriptor {
        self.method.input()
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
    pub(super) async fn unary(&self, request: Request<DynamicMessage>) -> Result<DynamicMessage, Problem> {
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
