//! The one switch of everything that leaves the machine.

use std::sync::{Arc, Mutex, PoisonError};

use goat::values::UnixMicros;
use serde::{Deserialize, Serialize};

use super::outbox::{Outbox, OutboxError};

const NAME: &str = "stopped";

/// Since when it is stopped, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stopped {
    pub(crate) since: i64,
    pub(crate) reason: String,
}

/// Cloning shares it.
#[derive(Debug, Clone)]
pub(crate) struct Switch {
    /// `publisher.outbound` is true.
    is_allowed: bool,
    stopped: Arc<Mutex<Option<Stopped>>>,
    outbox: Outbox,
}

impl Switch {
    /// The switch as it was left.
    ///
    /// # Errors
    ///
    /// Those of the outbox.
    pub(crate) async fn restore(is_allowed: bool, outbox: &Outbox) -> Result<Self, OutboxError> {
        let stopped = outbox.with(|books| books.remembered(NAME)).await?;
        Ok(Self { is_allowed, stopped: Arc::new(Mutex::new(stopped)), outbox: outbox.clone() })
    }

    /// Whether anything may leave now: asked before each request.
    pub(crate) fn is_open(&self) -> bool {
        self.is_allowed && self.stopped().is_none()
    }

    /// Whether the settings allow it at all.
    pub(crate) fn is_allowed(&self) -> bool {
        self.is_allowed
    }

    /// The stop that was asked for.
    pub(crate) fn stopped(&self) -> Option<Stopped> {
        self.stopped.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on nothing leaves. One stop stays as it was when another is asked for.
    pub(crate) async fn stop(&self, reason: String, now: UnixMicros) -> Result<(), OutboxError> {
        if self.stopped().is_some() {
            return Ok(());
        }
        let stopped = Stopped { since: now.get(), reason };
        // Before it is durable: a stop that cannot be kept stops all the same.
        self.set(Some(stopped.clone()));
        self.outbox.with(move |books| books.remember(NAME, &stopped)).await
    }

    /// Takes a stop back, once that is durable.
    pub(crate) async fn resume(&self) -> Result<(), OutboxError> {
        self.outbox.with(|books| books.forget(NAME)).await?;
        self.set(None);
        Ok(())
    }

    fn set(&self, stopped: Option<Stopped>) {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner) = stopped;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stop_outlives_a_restart_until_it_is_taken_back() {
        let directory = tempfile::tempdir().unwrap();
        let now = UnixMicros::from_seconds(7).unwrap();
        let outbox = Outbox::open(directory.path()).unwrap();
        let switch = Switch::restore(true, &outbox).await.unwrap();
        assert!(switch.is_open());

        switch.stop("too loud".to_owned(), now).await.unwrap();
        drop((switch, outbox));
        let outbox = Outbox::open(directory.path()).unwrap();
        let switch = Switch::restore(true, &outbox).await.unwrap();
        assert_eq!(switch.stopped(), Some(Stopped { since: 7_000_000, reason: "too loud".to_owned() }));
        assert!(!switch.is_open());

        switch.resume().await.unwrap();
        assert!(Switch::restore(true, &outbox).await.unwrap().is_open());
        assert!(!Switch::restore(false, &outbox).await.unwrap().is_open(), "the settings are stronger");
    }
}
