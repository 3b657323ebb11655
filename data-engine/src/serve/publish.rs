//! Taking the events of the operator's own feeds. Every answer of success means: they are durable.

use goat::error::Kind;
use goat::event::Observation;
use goat::values::UnixMicros;
use goat::wire::market as wire;
use tonic::Status;

use super::MarketData;
use crate::ingest::{NotTaken, Receipt, Refused};
use crate::publish::{BATCH_MAX, Refusal};

impl MarketData {
    pub(super) async fn publish_one(&self, event: Option<wire::NewEvent>) -> Result<Receipt, Status> {
        let event = event.ok_or_else(|| Kind::Invalid.status("event is missing"))?;
        let observation = self.admitted(event).map_err(|refusal| status(&refusal, ""))?;
        self.record(vec![observation]).await
    }

    pub(super) async fn publish_batch(&self, events: Vec<wire::NewEvent>) -> Result<Receipt, Status> {
        if !(1..=BATCH_MAX).contains(&events.len()) {
            let found = events.len();
            return Err(Kind::Invalid.status(format!("events must be from 1 to {BATCH_MAX}, got {found}")));
        }
        let admitted = |(place, event)| {
            self.admitted(event).map_err(|refusal| status(&refusal, &format!("events[{place}]: ")))
        };
        let observations = events.into_iter().enumerate().map(admitted).collect::<Result<_, _>>()?;
        self.record(observations).await
    }

    fn admitted(&self, event: wire::NewEvent) -> Result<Observation, Refusal> {
        self.border.admit(event, self.now(), UnixMicros::now())
    }

    async fn record(&self, observations: Vec<Observation>) -> Result<Receipt, Status> {
        let receipt = self.ingest.try_submit(observations).await.map_err(|error| {
            metrics::counter!("goat_publish_refused_total").increment(1);
            match error {
                NotTaken::QueueFull => Kind::Exhausted.status(error.to_string()),
                NotTaken::Refused(Refused::Full | Refused::Unwritable | Refused::Stopping) => {
                    Kind::Unavailable.status(error.to_string())
                }
            }
        })?;
        for (outcome, count) in [("accepted", receipt.accepted), ("duplicate", receipt.duplicate)] {
            metrics::counter!("goat_published_events_total", "outcome" => outcome).increment(count.into());
        }
        Ok(receipt)
    }
}

fn status(refusal: &Refusal, place: &str) -> Status {
    let kind = match refusal {
        Refusal::Invalid(_) => Kind::Invalid,
        Refusal::Overlap(_) => Kind::Precondition,
    };
    kind.status(format!("{place}{refusal}"))
}

impl From<Receipt> for wire::InsertBatchResponse {
    fn from(receipt: Receipt) -> Self {
        let Receipt { accepted, duplicate, first_seq, .. } = receipt;
        let recorded = accepted > 0;
        Self {
            accepted,
            duplicate,
            first_seq: recorded.then_some(first_seq),
            last_seq: recorded.then(|| first_seq + u64::from(accepted) - 1),
        }
    }
}

#[cfg(test)]
mod tests;
