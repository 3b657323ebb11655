//! Many readers of one stream: the engine is subscribed to once, and each of its messages is written once.
//!
//! A reader of the present takes part at once. One that begins earlier, or that fell behind, reads a stream of its
//! own until that one is where the shared one is: then it takes part, exactly at its place.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::uri::PathAndQuery;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use metrics::{counter, gauge};
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{broadcast, watch};
use tonic::Code;

use super::stream::Form;
use crate::access::Shown;
use crate::measure::{SHARED_STREAMS, STREAM_CATCH_UPS};
use crate::problem::Problem;

/// Messages that are kept for readers that are behind. Who is further behind reads a stream of its own, so a reader
/// that stands still costs no more than these.
const KEPT_MAX: usize = 512;

/// A message as it is sent, and where it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) position: Option<u64>,
    pub(super) bytes: Bytes,
}

/// A message, or why there are no more.
pub(super) type Told = Result<Written, Problem>;

/// What readers must have in common to be told the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Topic {
    /// The RPC.
    pub(super) path: PathAndQuery,
    /// What it is asked, but for the beginning.
    pub(super) request: Vec<u8>,
    /// Whose token the engine was shown.
    pub(super) shown: Shown,
    /// How it is written.
    pub(super) form: Form,
}

/// The streams that are shared now. Cloning shares it.
#[derive(Debug, Clone, Default)]
pub(super) struct Fanout(Arc<Mutex<HashMap<Topic, Line>>>);

/// One shared stream.
#[derive(Debug)]
struct Line {
    told: broadcast::Sender<Told>,
    opened: Opened,
}

/// Whether the engine opened the stream; nothing while it is asked.
type Opened = watch::Receiver<Option<Result<(), Problem>>>;

impl Fanout {
    /// Takes part in the stream of `topic` from now on. Who is the first opens it.
    pub(super) fn join<Own>(
        &self,
        topic: Topic,
        open: impl FnOnce() -> BoxedOpening<Own>,
    ) -> (Shared, Opening)
    where
        Own: Stream<Item = Told> + Send + Unpin + 'static,
    {
        let mut lines = self.lines();
        if let Some(line) = lines.get(&topic) {
            return (Shared::new(line.told.subscribe()), Opening(line.opened.clone()));
        }
        let (told, receiver) = broadcast::channel(KEPT_MAX);
        let (tell_opened, opened) = watch::channel(None);
        lines.insert(topic.clone(), Line { told: told.clone(), opened: opened.clone() });
        tokio::spawn(self.clone().carry(topic, open(), told, tell_opened));
        (Shared::new(receiver), Opening(opened))
    }

    /// Tells everything that the engine says to all who take part, until nobody does or the engine ends.
    async fn carry<Own>(
        self,
        topic: Topic,
        opening: BoxedOpening<Own>,
        told: broadcast::Sender<Told>,
        opened: watch::Sender<Option<Result<(), Problem>>>,
    ) where
        Own: Stream<Item = Told> + Send + Unpin + 'static,
    {
        let mut stream = match opening.await {
            Ok(stream) => stream,
            Err(problem) => {
                self.lines().remove(&topic);
                opened.send_replace(Some(Err(problem)));
                return;
            }
        };
        opened.send_replace(Some(Ok(())));
        let _open = Carried::begin();
        loop {
            let next = tokio::select! {
                next = stream.next() => next,
                () = told.closed() => {
                    if self.end_unless_read(&topic, &told) {
                        return;
                    }
                    continue;
                }
            };
            let is_last = !matches!(next, Some(Ok(_)));
            if is_last {
                // Whoever comes from here on is no part of what ended.
                self.lines().remove(&topic);
            }
            if let Some(message) = next {
                // Nobody may be there to be told.
                let _ = told.send(message);
            }
            if is_last {
                return;
            }
        }
    }

    /// Forgets a stream that nobody reads. Readers come under the same lock, so none comes in between.
    fn end_unless_read(&self, topic: &Topic, told: &broadcast::Sender<Told>) -> bool {
        let mut lines = self.lines();
        let is_unread = told.receiver_count() == 0;
        if is_unread {
            lines.remove(topic);
        }
        is_unread
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<Topic, Line>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream of the engine while it is being opened.
pub(super) type BoxedOpening<Own> = std::pin::Pin<Box<dyn Future<Output = Result<Own, Problem>> + Send>>;

/// How the opening of a shared stream goes.
#[derive(Debug)]
pub(super) struct Opening(Opened);

impl Opening {
    /// Waits until the engine opened the stream.
    ///
    /// # Errors
    ///
    /// When it did not.
    pub(super) async fn done(mut self) -> Result<(), Problem> {
        let opened = self.0.wait_for(Option::is_some).await.map(|opened| opened.clone());
        opened
            .ok()
            .flatten()
            .unwrap_or_else(|| Err(Problem::new(Code::Unavailable, "the stream was not opened; try again")))
    }
}

/// Counted while it lives.
struct Carried;

impl Carried {
    fn begin() -> Self {
        gauge!(SHARED_STREAMS).increment(1);
        Self
    }
}

impl Drop for Carried {
    fn drop(&mut self) {
        gauge!(SHARED_STREAMS).decrement(1);
    }
}

/// A reader's place in a shared stream.
#[derive(Debug)]
pub(super) struct Shared {
    receiver: broadcast::Receiver<Told>,
    /// The next message, when it was looked at already.
    next: Option<Written>,
    ended: bool,
}

impl Shared {
    fn new(receiver: broadcast::Receiver<Told>) -> Self {
        Self { receiver, next: None, ended: false }
    }

    /// Passes over what stands before `position`; whether what follows from here is what follows `position`.
    ///
    /// Both streams have the same messages in the same order, so a message that both have is a place to change over.
    fn meets(&mut self, position: u64) -> bool {
        while !self.ended {
            let Some(next) = self.next.take().or_else(|| self.look()) else { break };
            match next.position {
                Some(next) if next == position => return true,
                Some(at) if at > position => {
                    self.next = Some(next);
                    return false;
                }
                _ => {}
            }
        }
        false
    }

    /// The next message that is there already.
    fn look(&mut self) -> Option<Written> {
        loop {
            match self.receiver.try_recv() {
                Ok(Ok(message)) => return Some(message),
                Ok(Err(_)) | Err(TryRecvError::Closed) => {
                    self.ended = true;
                    return None;
                }
                Err(TryRecvError::Empty) => return None,
                Err(TryRecvError::Lagged(_)) => {}
            }
        }
    }
}

/// What one reader is told: by `own`, where it has one, until that meets `shared`; then by `shared`, and by a stream
/// that `catch_up` opens after the last position whenever too much was missed. Ends after the first error.
pub(super) fn follow<Own, Opening>(
    mut own: Option<Own>,
    mut shared: Shared,
    catch_up: impl Fn(u64) -> Opening,
) -> impl Stream<Item = Told>
where
    Own: Stream<Item = Told> + Unpin,
    Opening: Future<Output = Result<Own, Problem>>,
{
    async_stream::stream! {
        let mut last = None;
        loop {
            let told = if let Some(stream) = &mut own {
                let Some(told) = stream.next().await else { return };
                if told.as_ref().is_ok_and(|at| at.position.is_some_and(|at| shared.meets(at))) {
                    own = None;
                }
                told
            } else {
                match (shared.receiver.recv().await, last) {
                    (Ok(told), _) => told,
                    (Err(RecvError::Closed), _) => return,
                    (Err(RecvError::Lagged(_)), Some(last)) => {
                        counter!(STREAM_CATCH_UPS).increment(1);
                        match catch_up(last).await {
                            Ok(stream) => {
                                own = Some(stream);
                                continue;
                            }
                            Err(problem) => Err(problem),
                        }
                    }
                    // It was told nothing yet: it begins with the oldest that is kept.
                    (Err(RecvError::Lagged(_)), None) => continue,
                }
            };
            last = told.as_ref().ok().and_then(|message| message.position).or(last);
            let is_last = told.is_err();
            yield told;
            if is_last {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests;
