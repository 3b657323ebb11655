//! Closed candles, by a clock that is set.

use std::sync::{Arc, Mutex};

use tokio::sync::broadcast;

/// Five minutes.
pub const INTERVAL_MS: u64 = 300_000;

/// The candles of every symbol of a venue, five minutes long. Cloning shares them.
#[derive(Debug, Clone)]
pub struct Candles {
    /// The start of the candle that is open.
    open_ms: Arc<Mutex<u64>>,
    closed: broadcast::Sender<u64>,
}

impl Candles {
    /// Candles up to the one that is open at `now_ms`.
    #[must_use]
    pub fn new(now_ms: u64) -> Self {
        let open_ms = Arc::new(Mutex::new(now_ms - now_ms % INTERVAL_MS));
        Self { open_ms, closed: broadcast::channel(64).0 }
    }

    /// The starts of candles that close from now on and are told.
    #[must_use]
    pub fn closed(&self) -> broadcast::Receiver<u64> {
        self.closed.subscribe()
    }

    /// The open candle closes; connections hear of it when it is told.
    pub fn close(&self, told: bool) {
        let mut open_ms = self.open_ms.lock().unwrap();
        let closed = *open_ms;
        *open_ms += INTERVAL_MS;
        if told {
            // Nobody may be connected.
            let _ = self.closed.send(closed);
        }
    }

    /// The start of the candle that is open.
    #[must_use]
    pub fn open_ms(&self) -> u64 {
        *self.open_ms.lock().unwrap()
    }

    /// The starts of the candles from `start_ms` on, the open one too, at most `count`.
    #[must_use]
    pub fn starts(&self, start_ms: u64, count: usize) -> Vec<u64> {
        let first = start_ms.div_ceil(INTERVAL_MS) * INTERVAL_MS;
        let open_ms = self.open_ms();
        (0..)
            .map(|place| first + place * INTERVAL_MS)
            .take_while(|start| *start <= open_ms)
            .take(count)
            .collect()
    }

    /// Open, high, low, close and volume of the candle that starts then.
    #[must_use]
    pub fn values(start_ms: u64) -> [String; 5] {
        let base = 20_000 + start_ms / INTERVAL_MS % 1_000;
        [base, base + 5, base - 5, base + 1, 7].map(|number| format!("{number}.50"))
    }
}
