//! Commands of users: checked here, carried out by the core.

use goat::error::Kind;
use goat::wire::trading as wire;
use tokio::sync::{mpsc, oneshot};
use tonic::Status;

use super::Trading;
use crate::core::command::{Order, Request};
use crate::runner::{Answer, Ask, Refused};

const REASON_CHARACTERS_MAX: usize = 500;
const NAME_CHARACTERS_MAX: usize = 100;

impl Trading {
    pub(super) async fn pause(
        &self,
        request: wire::PauseTradingRequest,
    ) -> Result<wire::PauseTradingResponse, Status> {
        let wire::PauseTradingRequest { reason, requested_by, request_id, close_positions } = request;
        let request = self::request(reason, requested_by)?;
        let order = if close_positions { Order::HaltTrading(request) } else { Order::PauseTrading(request) };
        let answer = carry_out(&self.commands, order, request_id).await?;
        Ok(wire::PauseTradingResponse { controls: Some((&answer.controls).into()) })
    }

    pub(super) async fn resume(
        &self,
        request: wire::ResumeTradingRequest,
    ) -> Result<wire::ResumeTradingResponse, Status> {
        let wire::ResumeTradingRequest { reason, requested_by, request_id } = request;
        let order = Order::ResumeTrading(self::request(reason, requested_by)?);
        let answer = carry_out(&self.commands, order, request_id).await?;
        Ok(wire::ResumeTradingResponse { controls: Some((&answer.controls).into()) })
    }
}

/// Who wants it, and why.
pub(super) fn request(reason: String, requested_by: String) -> Result<Request, Status> {
    within("reason", &reason, REASON_CHARACTERS_MAX)?;
    within("requested_by", &requested_by, NAME_CHARACTERS_MAX)?;
    Ok(Request { requested_by, reason })
}

/// Has the core carry an order out. Answered once it is durable and folded.
pub(super) async fn carry_out(
    commands: &mpsc::Sender<Ask>,
    order: Order,
    request_id: String,
) -> Result<Answer, Status> {
    within("request_id", &request_id, NAME_CHARACTERS_MAX)?;
    let request_id = Some(request_id).filter(|id| !id.is_empty());
    let stopping =
        || Kind::Unavailable.status("the trading-engine is stopping; whether it was done is not known");
    let (answer, answered) = oneshot::channel();
    commands.send(Ask { order, request_id, answer }).await.map_err(|_| stopping())?;
    let answered = answered.await.map_err(|_| stopping())?;
    answered.map_err(|refused| {
        let kind = match refused {
            Refused::NoLog | Refused::Behind(_) => Kind::Unavailable,
            Refused::RequestId(_) => Kind::Invalid,
        };
        kind.status(refused.to_string())
    })
}

fn within(field: &str, text: &str, characters_max: usize) -> Result<(), Status> {
    let characters = text.chars().count();
    if characters <= characters_max && !text.contains('\0') {
        return Ok(());
    }
    Err(Kind::Invalid.status(format!(
        "{field} has {characters} characters; it may have {characters_max}, none of them the zero byte"
    )))
}
