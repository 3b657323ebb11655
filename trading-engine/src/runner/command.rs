//! Commands of users: each gets its place among the events, is made durable with it, and is folded there.
//!
//! The place is where the core stands when it takes the command up. Until the ledger has it the core folds nothing else:
//! then the place that is durable is the place where it was folded, whatever kills the process and when. Events wait in
//! the feed's queue meanwhile, for as long as one commit and one append take.

use goat::values::UnixMicros;
use tokio::sync::oneshot;

use super::{Runner, RunnerError};
use crate::core::command::{Command, Order};
use crate::core::controls::Controls;
use crate::ledger::Logged;

/// Commands that may wait for the core; whoever sends one more waits.
pub const COMMANDS_QUEUED_MAX: usize = 64;

/// A command on its way to the core.
#[derive(Debug)]
pub struct Ask {
    /// What is to be done.
    pub order: Order,
    /// What the one who sent it calls it.
    pub request_id: Option<String>,
    /// Where the answer goes.
    pub answer: oneshot::Sender<Result<Answer, Refused>>,
}

/// The state after a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The switches.
    pub controls: Controls,
}

/// A command was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no log yet in which it could have a place.
    #[error("the trading-engine has not met its log yet; try again")]
    NoLog,
    /// Later commands must not overtake those that were there before.
    #[error("{0} commands from before the restart are not folded yet; try again")]
    Behind(usize),
    /// Another command was sent under the same name.
    #[error("request_id {0:?} belongs to another command")]
    RequestId(String),
}

impl Runner {
    pub(super) fn answer(&mut self, ask: Ask) -> Result<(), RunnerError> {
        let Ask { order, request_id, answer } = ask;
        let answered = self.carry_out(order, request_id)?;
        if answered.is_ok() {
            self.publish();
        }
        // Whoever asked may be gone; the command is carried out all the same.
        let _ = answer.send(answered);
        Ok(())
    }

    pub(super) fn carry_out(
        &mut self,
        order: Order,
        request_id: Option<String>,
    ) -> Result<Result<Answer, Refused>, RunnerError> {
        let Some(log_id) = self.log_id.clone() else { return Ok(Err(Refused::NoLog)) };
        if !self.logged.is_empty() {
            return Ok(Err(Refused::Behind(self.logged.len())));
        }
        let after_seq = self.engine.cursor().seq;
        let command = Command { ordinal: self.last_command + 1, after_seq, time: UnixMicros::now(), order };
        let logged = Logged { log_id, request_id, command };
        let before =
            self.surroundings.keeper.append(logged.clone()).map_err(|_| RunnerError::Gone("ledger"))?;
        let Logged { request_id, command, .. } = logged;
        match before {
            None => {
                self.last_command = command.ordinal;
                self.engine.command(&command, &mut self.effects);
                self.perform(after_seq, std::time::Instant::now())?;
            }
            Some(before) if before.command.order == command.order => {}
            Some(_) => return Ok(Err(Refused::RequestId(request_id.unwrap_or_default()))),
        }
        Ok(Ok(Answer { controls: self.engine.controls().clone() }))
    }
}
