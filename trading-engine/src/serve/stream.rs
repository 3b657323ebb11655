//! Changes as they happen.

use goat::error::Kind;
use goat::wire::trading as wire;
use goat::wire::trading::stream_trading_response::Event;
use tokio::sync::broadcast::error::RecvError;
use tokio_stream::Stream;
use tonic::Status;

use super::{Trading, decisions, message, positions};
use crate::changes::{CHANGES_QUEUED_MAX, Change};

impl Trading {
    /// The active cycles, then every change of cycles, positions and decisions.
    pub(super) fn changes(
        &self,
    ) -> impl Stream<Item = Result<wire::StreamTradingResponse, Status>> + Send + use<> {
        // Watching begins before the view is read, so nothing falls between the two.
        let mut changes = self.watchers.subscribe();
        let (active, shown_seq) = {
            let view = self.view.read();
            (view.active.clone(), view.cursor.seq)
        };
        let stop = self.stop.clone();
        async_stream::try_stream! {
            for cycle in &active {
                yield message::change(shown_seq, cycle);
            }
            loop {
                let change = tokio::select! {
                    biased;
                    () = stop.cancelled() => Err(Kind::Unavailable.status("the trading-engine is stopping")),
                    change = changes.recv() => heard(change),
                };
                match change? {
                    Change::Cycle { seq, cycle } if seq > shown_seq => yield message::change(seq, &cycle),
                    // Contained in what was shown at the beginning.
                    Change::Cycle { .. } => {}
                    Change::Position { seq, position } => {
                        yield message::event(seq, Event::Position(Box::new(positions::message(&position, None))));
                    }
                    Change::Decision { seq, decision } => {
                        yield message::event(seq, Event::Decision(Box::new(decisions::message(&decision))));
                    }
                    Change::Anew => Err(Kind::Unavailable.status("the state began anew; subscribe again"))?,
                }
            }
        }
    }
}

fn heard(change: Result<Change, RecvError>) -> Result<Change, Status> {
    change.map_err(|error| match error {
        RecvError::Closed => Kind::Unavailable.status("the trading-engine is stopping"),
        RecvError::Lagged(missed) => Kind::Exhausted.status(format!(
            "read too slowly: {missed} changes were missed, {CHANGES_QUEUED_MAX} are kept; subscribe again"
        )),
    })
}
