//! One message after the other out of the outbox, each channel by itself: a slow one holds up nobody else.

use std::time::Duration;

use goat::service::Stop;
use goat::settings::Alerts as Settings;
use goat::values::UnixMicros;
use metrics::counter;

use super::channels::{Channel, Undelivered};
use crate::measure::ALERT_MESSAGES;
use crate::publisher::outbox::{Message, MessageState, Outbox, OutboxError};
use crate::publisher::switch::Switch;

/// Between two looks into the outbox when nothing waits.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The first pause after a failure; it doubles up to the last.
const BACKOFF_FIRST: Duration = Duration::from_secs(2);
const BACKOFF_LAST: Duration = Duration::from_mins(10);

/// What delivers at one channel.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) channel: Channel,
    pub(crate) outbox: Outbox,
    pub(crate) switch: Switch,
    pub(crate) settings: Settings,
}

impl Delivery {
    /// Delivers until stopped.
    pub(crate) async fn run(self, stop: Stop) {
        loop {
            let delivered = tokio::select! {
                delivered = self.one() => delivered,
                () = stop.cancelled() => return,
            };
            match delivered {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => {
                    tracing::error!(%error, channel = self.channel.name(), "alerts are not delivered");
                }
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// Tries the oldest message that may be sent now. Whether there was one.
    async fn one(&self) -> Result<bool, OutboxError> {
        if !self.switch.is_open() {
            return Ok(false);
        }
        let (now, name) = (UnixMicros::now(), self.channel.name());
        let (is_quiet, per_hour_max) = (self.settings.quiet_hours.contains(now), self.settings.per_hour_max);
        let waiting = self.outbox.with(move |books| {
            if books.sent_within_hour(name, now)? >= per_hour_max {
                return Ok(None);
            }
            books.next_message(name, is_quiet, now)
        });
        let Some((alert, mut message)) = waiting.await? else { return Ok(false) };
        let sent = self.channel.send(&alert, now).await;
        let outcome = if sent.is_ok() { "sent" } else { "failed" };
        counter!(ALERT_MESSAGES, "channel" => name, "outcome" => outcome).increment(1);
        settle(&mut message, sent, self.settings.attempts_max, UnixMicros::now());
        if message.state == MessageState::Failed {
            tracing::warn!(
                channel = name,
                alert = alert.id,
                reason = message.trouble,
                "an alert is given up"
            );
        }
        self.outbox.with(move |books| books.update_message(&message)).await?;
        Ok(true)
    }
}

/// Takes the end of an attempt in. An answer that got lost is an attempt that failed: told twice is better than never.
fn settle(message: &mut Message, sent: Result<(), Undelivered>, attempts_max: u32, now: UnixMicros) {
    message.attempts += 1;
    match sent {
        Ok(()) => {
            message.state = MessageState::Sent;
            message.sent_at = Some(now);
            message.trouble.clear();
        }
        Err(Undelivered { reason, retry_after, is_final }) => {
            message.trouble = reason;
            let is_given_up = is_final || message.attempts >= attempts_max;
            message.state = if is_given_up { MessageState::Failed } else { MessageState::Waiting };
            let doubled = BACKOFF_FIRST.saturating_mul(1 << (message.attempts - 1).min(16));
            message.not_before = Some(now.plus(retry_after.unwrap_or(doubled.min(BACKOFF_LAST))));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> UnixMicros {
        UnixMicros::from_seconds(seconds).unwrap()
    }

    fn failed(attempts: u32, retry_after: Option<Duration>, is_final: bool) -> Message {
        let mut message = Message {
            alert: 1,
            channel: "mail".to_owned(),
            state: MessageState::Waiting,
            attempts: attempts - 1,
            not_before: None,
            trouble: String::new(),
            sent_at: None,
        };
        let undelivered = Undelivered { reason: "busy".to_owned(), retry_after, is_final };
        settle(&mut message, Err(undelivered), 3, at(100));
        message
    }

    #[test]
    fn attempts_are_further_and_further_apart_and_come_to_an_end() {
        assert_eq!(failed(1, None, false).not_before, Some(at(102)));
        assert_eq!(failed(2, None, false).not_before, Some(at(104)));
        assert_eq!(failed(2, None, false).state, MessageState::Waiting);
        assert_eq!(failed(3, None, false).state, MessageState::Failed);
    }

    #[test]
    fn the_receiver_says_when_and_whether_at_all() {
        assert_eq!(failed(1, Some(Duration::from_secs(30)), false).not_before, Some(at(130)));
        assert_eq!(failed(1, None, true).state, MessageState::Failed);
    }
}
