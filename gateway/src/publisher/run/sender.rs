//! Brings out what waits, one request after the other.

use std::time::Duration;

use goat::service::Stop;
use goat::values::UnixMicros;
use metrics::counter;

use super::{Shared, TURN, pause};
use crate::measure::POST_REQUESTS;
use crate::publisher::delivery::{Outcome, PartState, Step};
use crate::publisher::desk::Event;
use crate::publisher::outbox::{OutboxError, Post, PostState};
use crate::publisher::x::X;

/// Between two looks into the outbox when nothing may be sent.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Sends, when there are credentials.
pub(super) struct Sender {
    shared: Shared,
    x: Option<X>,
}

impl Sender {
    pub(super) fn new(shared: Shared, x: Option<X>) -> Self {
        Self { shared, x }
    }

    /// Sends until stopped. A request that is cut off is one whose answer got lost.
    pub(super) async fn run(mut self, stop: Stop) {
        loop {
            let sent = tokio::select! {
                sent = self.step() => sent,
                () = stop.cancelled() => return,
            };
            match sent {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => tracing::error!(%error, "nothing can be sent"),
            }
            if !pause(LOOK_EVERY, &stop).await {
                return;
            }
        }
    }

    /// One step of the oldest post, when a slot is open. Whether anything was done.
    async fn step(&mut self) -> Result<bool, OutboxError> {
        if !self.shared.switch.is_open() || !self.shared.desk.lock().await.is_open() {
            return Ok(false);
        }
        // The method itself is not general enough in the lifetime of the books.
        #[allow(clippy::redundant_closure_for_method_calls)]
        let waiting = self.shared.outbox.with(|books| books.oldest_waiting()).await?;
        let (Some(mut post), Some(x)) = (waiting, &mut self.x) else {
            self.shared.end_slot(None).await?;
            return Ok(true);
        };
        let now = UnixMicros::now();
        let (part, outcome) = match post.delivery.next(now) {
            Step::Wait(_) => return Ok(false),
            Step::Ended => {
                self.shared.end_slot(Some(post)).await?;
                return Ok(true);
            }
            Step::Send { part, reply_to } => {
                post.delivery.begin(part, now);
                let begun = post.clone();
                self.shared.outbox.with(move |books| books.update(&begun, false)).await?;
                if self.shared.switch.is_open() {
                    let text = text_of(&post, part);
                    (part, x.post(&text, reply_to.as_deref(), now).await)
                } else {
                    // Stopped between the two: nothing has left.
                    (part, Outcome::Unreached { reason: "stopped".to_owned() })
                }
            }
            Step::LookUp { part } => {
                let text = text_of(&post, part);
                (part, x.look_up(&text, now).await)
            }
        };
        self.settle(post, part, outcome).await?;
        Ok(true)
    }

    async fn settle(&self, mut post: Post, part: usize, outcome: Outcome) -> Result<(), OutboxError> {
        let name = outcome.name();
        counter!(POST_REQUESTS, "outcome" => name).increment(1);
        let now = UnixMicros::now();
        post.delivery.settle(part, outcome, now);
        let trouble = post.delivery.trouble.clone();
        if !trouble.is_empty() {
            tracing::info!(
                post = post.id,
                part,
                outcome = name,
                reason = trouble,
                "a post did not go out yet"
            );
        }
        if post.delivery.next(now) == Step::Ended {
            return self.shared.end_slot(Some(post)).await;
        }
        self.shared.outbox.with(move |books| books.update(&post, false)).await
    }
}

impl Shared {
    /// The slot's post is at its end, or there is none: kept with the desk's turn.
    async fn end_slot(&self, post: Option<Post>) -> Result<(), OutboxError> {
        let now = UnixMicros::now();
        let mut desk = self.desk.lock().await;
        let mut decided = desk.clone();
        decided.handle(&Event::Ended, now);
        let turn = decided.turn.clone();
        let ended = self.outbox.with(move |books| {
            if let Some(mut post) = post {
                let is_sent = post.state() == PostState::Sent;
                post.sent_at = is_sent.then_some(now);
                if !is_sent {
                    tracing::warn!(post = post.id, reason = post.delivery.trouble, "a post was refused");
                }
                books.update(&post, true)?;
            }
            books.remember(TURN, &turn)
        });
        ended.await?;
        *desk = decided;
        Ok(())
    }
}

fn text_of(post: &Post, part: usize) -> String {
    post.delivery.parts.get(part).map(|part| part.text.clone()).unwrap_or_default()
}

/// The id of a part, where it is known.
pub(crate) fn tweet_id(state: &PartState) -> &str {
    match state {
        PartState::Sent { id } => id,
        _ => "",
    }
}
