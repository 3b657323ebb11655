//! How a message fares on its way.

use futures_util::SinkExt;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::fault::{Fault, Faults};

/// A connection, seen from the venue.
pub type Socket = WebSocketStream<TcpStream>;

/// The way of one connection's messages.
#[derive(Debug, Default)]
pub struct Delivery {
    held: Option<String>,
    losing: usize,
}

impl Delivery {
    /// Sends `text`, or `crossed` in its place, as the symbol's faults have it; false when the connection is over.
    pub async fn send(
        &mut self,
        socket: &mut Socket,
        faults: &Faults,
        symbol: &str,
        text: String,
        crossed: String,
    ) -> bool {
        if faults.is_refusing(symbol) {
            return false;
        }
        if faults.is_silent(symbol) {
            return true;
        }
        if self.losing > 0 {
            self.losing -= 1;
            return true;
        }
        let mut messages = Vec::new();
        match faults.next(symbol) {
            None => messages.push(text),
            Some(Fault::Repeat(times)) => messages.extend(vec![text; times + 1]),
            Some(Fault::Lose(count)) => self.losing = count.saturating_sub(1),
            Some(Fault::Garble(garbage)) => messages.push(garbage),
            Some(Fault::Cross) => messages.push(crossed),
            Some(Fault::Cut) => return false,
            Some(Fault::Swap) => {
                self.held = Some(text);
                return true;
            }
            Some(Fault::Close(notice)) => {
                if let Some(notice) = notice {
                    let _ = socket.send(Message::text(notice)).await;
                }
                // The other side may have left at once, as it should.
                let _ = socket.close(None).await;
                return false;
            }
        }
        messages.extend(self.held.take());
        for message in messages {
            if socket.send(Message::text(message)).await.is_err() {
                return false;
            }
        }
        true
    }
}
