//! One connection from its opening to its end.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use goat::values::UnixMicros;
use tokio::net::TcpStream;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::protocol::{Message as Frame, WebSocketConfig};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use super::Session;
use crate::book::live::{DepthUpdate, State};
use crate::feeds::exchange::back_off::BackOff;
use crate::feeds::exchange::protocol::{Message, Protocol};
use crate::feeds::exchange::rest::{RestFault, innermost};

/// A larger message ends the connection.
const MESSAGE_BYTES_MAX: usize = 1024 * 1024;
const SENDING_MAX: Duration = Duration::from_secs(5);
/// A venue that is served candles alone may be silent for so long.
const CANDLES_SILENT_MAX: Duration = Duration::from_mins(2);

/// A connection that worked for longer was of use.
const OF_USE: Duration = Duration::from_secs(10);
/// Between two requests for a snapshot.
const BETWEEN_SNAPSHOTS: Duration = Duration::from_secs(1);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;
type Fetch = Pin<Box<dyn Future<Output = Result<DepthUpdate, RestFault>> + Send>>;

/// What ended a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// Expected: another one is opened at once.
    Planned,
    /// Something went wrong.
    Broken,
    /// Nothing came for too long.
    Silent,
}

/// A connection at its end.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) cause: Cause,
    pub(super) reason: String,
    /// Whether it had been working for a while, so that its end is the first failure and not one more.
    pub(super) was_of_use: bool,
}

fn ended(cause: Cause, reason: String) -> Ended {
    Ended { cause, reason, was_of_use: false }
}

fn broken(reason: String) -> Ended {
    ended(Cause::Broken, reason)
}

/// How far a connection has got.
struct Progress {
    opened: Instant,
    /// When a snapshot was last asked for.
    last_asked: Option<Instant>,
    /// When a message about the book, or any at all without one, last came.
    last_data: Option<Instant>,
    /// When the book was last live.
    last_live: Option<Instant>,
}

impl Progress {
    fn may_ask_in(&self) -> Duration {
        self.last_asked.map_or(Duration::ZERO, |last| BETWEEN_SNAPSHOTS.saturating_sub(last.elapsed()))
    }
}

impl<P: Protocol> Session<P> {
    pub(super) async fn connect_and_follow(&mut self) -> Ended {
        let address = self.protocol.address(&self.wanted);
        let limits = WebSocketConfig::default()
            .max_message_size(Some(MESSAGE_BYTES_MAX))
            .max_frame_size(Some(MESSAGE_BYTES_MAX));
        let patience = self.protocol.timings().patience;
        let connecting = connect_async_with_config(&address, Some(limits), true);
        let mut socket = match timeout(patience, connecting).await {
            Ok(Ok((socket, _))) => socket,
            Ok(Err(error)) => return broken(format!("it cannot be reached: {}", innermost(&error))),
            Err(_) => {
                return broken(format!("it did not answer within {:.1} s", patience.as_secs_f64()));
            }
        };
        for request in self.protocol.opening(&self.wanted) {
            if let Err(reason) = send(&mut socket, request).await {
                return broken(reason);
            }
        }
        let mut progress =
            Progress { opened: Instant::now(), last_asked: None, last_data: None, last_live: None };
        let ended = self.follow(&mut socket, &mut progress).await;
        // The other side may be gone already, and is not waited for.
        let _ = timeout(Duration::from_millis(100), socket.close(None)).await;
        let was_of_use = progress.last_live.is_some() && progress.opened.elapsed() > OF_USE;
        Ended { was_of_use, ..ended }
    }

    async fn follow(&mut self, socket: &mut Socket, progress: &mut Progress) -> Ended {
        let timings = self.protocol.timings();
        let mut publishing = interval(self.ground.snapshot_interval);
        publishing.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut beating = interval(timings.heartbeat);
        beating.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let end_of_life = sleep_until(progress.opened + timings.lifetime);
        let reconnect = Arc::clone(&self.ground.reconnect);
        tokio::pin!(end_of_life);
        let (mut fetch, mut fetch_back_off) = (None::<Fetch>, BackOff::default());
        loop {
            if fetch.is_none() && self.book.wants_snapshot() {
                fetch = Some(self.fetch(progress.may_ask_in()));
                progress.last_asked = Some(Instant::now());
            }
            tokio::select! {
                frame = socket.next() => match self.read(frame, progress).await {
                    Ok(false) => {}
                    Ok(true) => {
                        if let Err(ended) = self.ask_again(socket, progress).await { return ended; }
                    }
                    Err(ended) => return ended,
                },
                answer = arrived(&mut fetch) => {
                    fetch = self.fetched(answer, &mut fetch_back_off).await;
                }
                _ = publishing.tick() => {
                    self.publish();
                    if let Some(ended) = self.overdue(progress) { return ended; }
                }
                _ = beating.tick() => if let Some(request) = self.protocol.heartbeat()
                    && let Err(reason) = send(socket, request).await
                {
                    return broken(reason);
                },
                () = reconnect.notified() => {
                    return broken("its candles are stale".to_owned());
                }
                () = &mut end_of_life => {
                    let hours = timings.lifetime.as_secs_f64() / 3600.0;
                    return ended(Cause::Planned, format!("the connection is {hours:.1} h old"));
                }
            }
        }
    }

    /// Takes a frame; `true` when a new snapshot has to be asked for over the connection.
    async fn read(
        &mut self,
        frame: Option<Result<Frame, Error>>,
        progress: &mut Progress,
    ) -> Result<bool, Ended> {
        let frame = match frame {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => return Err(broken(format!("the connection broke: {}", innermost(&error)))),
            None => return Err(broken("the connection was closed".to_owned())),
        };
        let text = match &frame {
            Frame::Text(text) => text.as_str(),
            // Pings are answered by the next read, and say nothing of the data.
            Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_) => return Ok(false),
            Frame::Close(said) => {
                let why = said.as_ref().map(|said| format!(": {} {}", said.code, said.reason));
                return Err(broken(format!("the venue closed the connection{}", why.unwrap_or_default())));
            }
            Frame::Binary(bytes) => {
                let reason = format!("a message is {} bytes of binary", bytes.len());
                self.unreadable("", reason, UnixMicros::now()).await;
                return Ok(false);
            }
        };
        let now = UnixMicros::now();
        match self.protocol.read(text) {
            Ok(Message::Shutdown) => {
                Err(ended(Cause::Planned, "the venue is shutting this connection down".to_owned()))
            }
            Ok(Message::Refused(words)) => Err(broken(format!("the venue refused: {words}"))),
            Ok(message) => {
                if !self.wanted.book || matches!(message, Message::Depth(..)) {
                    progress.last_data = Some(Instant::now());
                }
                let again = self.take(message, now).await;
                self.note_live(progress);
                Ok(again)
            }
            Err(error) => {
                self.unreadable(text, error.to_string(), now).await;
                Ok(false)
            }
        }
    }

    fn note_live(&self, progress: &mut Progress) {
        if !self.wanted.book || *self.book.state() == State::Live {
            progress.last_live = Some(Instant::now());
        }
    }

    async fn ask_again(&mut self, socket: &mut Socket, progress: &mut Progress) -> Result<(), Ended> {
        let requests = self.protocol.resubscription(self.wanted.symbol);
        if requests.is_empty() {
            return Ok(());
        }
        if !progress.may_ask_in().is_zero() {
            return Err(broken("the snapshot that was asked for made no book that lasts".to_owned()));
        }
        progress.last_asked = Some(Instant::now());
        for request in requests {
            send(socket, request).await.map_err(broken)?;
        }
        Ok(())
    }

    fn fetch(&self, wait: Duration) -> Fetch {
        let (protocol, symbol) = (self.protocol.clone(), self.wanted.symbol);
        Box::pin(async move {
            sleep(wait).await;
            protocol.depth(symbol).await
        })
    }

    /// Takes the snapshot that was asked for; another request when it brought no live book.
    async fn fetched(
        &mut self,
        answer: Result<DepthUpdate, RestFault>,
        back_off: &mut BackOff,
    ) -> Option<Fetch> {
        if !self.book.wants_snapshot() {
            return None;
        }
        let wait = match answer {
            Ok(snapshot) => {
                self.update(snapshot, UnixMicros::now()).await;
                if *self.book.state() == State::Live {
                    back_off.succeeded();
                    return None;
                }
                Duration::ZERO
            }
            Err(fault) => {
                tracing::warn!(venue = ?P::VENUE, symbol = %self.wanted.symbol, %fault, "no snapshot");
                self.show(State::Invalid(format!("no snapshot: {fault}")));
                fault.wait()
            }
        };
        Some(self.fetch(wait.max(back_off.failed(super::chance()))))
    }

    /// Whether something that should have come has not.
    fn overdue(&self, progress: &Progress) -> Option<Ended> {
        let timings = self.protocol.timings();
        let stale_after = if self.wanted.book { timings.stale_after } else { CANDLES_SILENT_MAX };
        let (since, limit) = match progress.last_data {
            Some(last) => (last, stale_after),
            None => (progress.opened, timings.patience.max(stale_after)),
        };
        if since.elapsed() > limit {
            let reason = format!(
                "nothing came for {:.1} s, limit {:.1} s",
                since.elapsed().as_secs_f64(),
                limit.as_secs_f64()
            );
            return Some(ended(Cause::Silent, reason));
        }
        // A snapshot that is asked for over the connection comes at once or never.
        let over_connection = !self.protocol.resubscription(self.wanted.symbol).is_empty();
        let since = progress.last_live.unwrap_or(progress.opened);
        if self.wanted.book && over_connection && since.elapsed() > timings.patience {
            let seconds = since.elapsed().as_secs_f64();
            return Some(broken(format!("no snapshot came for {seconds:.1} s")));
        }
        None
    }
}

async fn send(socket: &mut Socket, request: String) -> Result<(), String> {
    match timeout(SENDING_MAX, socket.send(Frame::text(request))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(format!("a request cannot be sent: {}", innermost(&error))),
        Err(_) => Err(format!("a request cannot be sent within {} s", SENDING_MAX.as_secs())),
    }
}

/// Waits for the answer, or for ever when nothing was asked.
async fn arrived(fetch: &mut Option<Fetch>) -> Result<DepthUpdate, RestFault> {
    match fetch {
        Some(asked) => asked.await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;
    use tokio_tungstenite::connect_async;

    /// The venues speak TLS: what it needs is there, so that a peer that does not is an error and no panic.
    #[tokio::test]
    async fn an_encrypted_address_is_dialled() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (dialled, accepted) = tokio::join!(connect_async(format!("wss://{address}/")), async {
            drop(listener.accept().await.unwrap());
        });
        let ((), error) = (accepted, dialled.unwrap_err().to_string());
        assert!(!error.contains("TLS support not compiled in"), "{error}");
    }
}
