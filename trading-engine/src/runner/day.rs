//! Days that begin: the state is kept, and the day before is compared.

use super::{Runner, RunnerError};
use crate::core::Hour;
use crate::parity::{Day, DayStart};
use crate::snapshot;

impl Runner {
    /// A full hour began with the event that was folded last.
    pub(super) fn begin_hour(&mut self, hour: Hour) -> Result<(), RunnerError> {
        self.outbox.begin_hour(hour);
        let (day, before) = (Day::of(hour.begins), self.day);
        if before == Some(day) {
            return Ok(());
        }
        self.day = Some(day);
        let Some(log_id) = self.log_id.clone() else { return Ok(()) };
        let cursor = self.engine.cursor();
        let start = DayStart {
            version: snapshot::VERSION,
            log_id,
            cursor_seq: cursor.seq,
            command: cursor.command,
            state: snapshot::encode(&self.engine)?,
        };
        let checks = self.surroundings.checks.clone();
        if let Err(error) = checks.days().keep(day, &start) {
            // Trading goes on; that the day cannot be compared is told when it is over.
            tracing::warn!(%day, %error, "the state with which the day begins is not kept");
        }
        if before.is_some() {
            let stop = self.surroundings.stop.clone();
            self.runtime.spawn(stop.run_until_cancelled_owned(checks.of_itself(day.previous())));
        }
        Ok(())
    }
}
