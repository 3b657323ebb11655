//! Asking for candles and recording them.

use std::time::Duration;

use goat::event::{Candle, FeedEvent, FeedEventKind, Observation, Payload};
use goat::service::Stop;
use goat::values::{Symbol, UnixMicros};
use tokio::sync::mpsc;

use super::series::{Lacking, Series};
use crate::feeds::board::{Board, Condition, Name};
use crate::feeds::exchange::back_off::BackOff;
use crate::feeds::exchange::interval::Interval;
use crate::feeds::exchange::protocol::Protocol;
use crate::feeds::exchange::recorder::said;
use crate::feeds::exchange::session::chance;
use crate::ingest::{Ingest, Refused};

/// Closed candles on their way from a connection.
pub const QUEUE_MAX: usize = 64;
/// Candles of one request.
const PAGE: u32 = 500;
/// Candles of one submission.
const TOGETHER: usize = 256;
/// However far away the next candle is, the clock may have been set meanwhile.
const WAIT_MAX: Duration = Duration::from_mins(1);

/// The feed is to end.
struct Ended;

/// The candles of one symbol.
#[derive(Debug)]
pub struct Candles<P> {
    /// The venue.
    pub protocol: P,
    /// The venue's own name.
    pub symbol: Symbol,
    /// Each length, with where it goes on.
    pub series: Vec<Series>,
    /// The way into the log: a candle counts when it is durable.
    pub ingest: Ingest,
    /// Where states are shown.
    pub board: Board,
    /// Whether to end.
    pub stop: Stop,
}

impl<P: Protocol> Candles<P> {
    /// Fetches what is missing, then takes the candles that `closed` brings, until stopped.
    pub async fn run(mut self, mut closed: mpsc::Receiver<Candle>, lacking: Vec<Lacking>) {
        let stop = self.stop.clone();
        tokio::select! {
            () = stop.cancelled() => {}
            _ = self.follow(&mut closed, lacking) => {}
        }
    }

    async fn follow(
        &mut self,
        closed: &mut mpsc::Receiver<Candle>,
        lacking: Vec<Lacking>,
    ) -> Result<(), Ended> {
        for lacking in lacking {
            self.tell(self.lacks(lacking)).await?;
        }
        let mut back_off = BackOff::default();
        loop {
            let wait = match self.catch_up().await? {
                Ok(()) => {
                    back_off.succeeded();
                    self.board.set(Name::Candles, P::SOURCE, Condition::Up);
                    self.until_due()
                }
                Err((reason, wait)) => {
                    tracing::warn!(venue = ?P::VENUE, symbol = %self.symbol, reason, "no candles");
                    self.board.set(Name::Candles, P::SOURCE, Condition::Down(reason));
                    wait.max(back_off.failed(chance()))
                }
            };
            tokio::select! {
                candle = closed.recv() => {
                    let candle = candle.ok_or(Ended)?;
                    let seconds = candle.interval_seconds;
                    let known = |series: &&mut Series| series.interval().seconds() == seconds;
                    if let Some(series) = self.series.iter_mut().find(known) {
                        series.came(candle);
                    }
                }
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Records what is here and fetches what is not, series by series; says why that failed and how long to wait.
    async fn catch_up(&mut self) -> Result<Result<(), (String, Duration)>, Ended> {
        for place in 0..self.series.len() {
            self.record(place).await?;
            while let Some((interval, from)) = self.hole(place) {
                let fetched = self.protocol.candles(self.symbol, interval, from, PAGE).await;
                let candles = match fetched {
                    Ok(candles) => candles,
                    Err(fault) => return Ok(Err((fault.to_string(), fault.wait()))),
                };
                self.take(place, &candles).await?;
                if self.series.get(place).map(Series::next) == Some(from) {
                    let reason = format!("the {} candle of {from} is not there yet", interval.as_str());
                    return Ok(Err((reason, Duration::ZERO)));
                }
            }
        }
        Ok(Ok(()))
    }

    fn hole(&self, place: usize) -> Option<(Interval, UnixMicros)> {
        let series = self.series.get(place)?;
        series.has_hole(UnixMicros::now()).then(|| (series.interval(), series.next()))
    }

    /// Takes a page of what was fetched.
    async fn take(&mut self, place: usize, candles: &[Candle]) -> Result<(), Ended> {
        let now = UnixMicros::now();
        let lacking = self.series.get_mut(place).map(|series| series.fetched(candles, now));
        self.record(place).await?;
        for lacking in lacking.unwrap_or_default() {
            self.tell(self.lacks(lacking)).await?;
            if let Some(series) = self.series.get_mut(place) {
                series.skip_to(lacking.1);
            }
            self.record(place).await?;
        }
        Ok(())
    }

    /// Records the candles that are next, as far as they are here.
    async fn record(&mut self, place: usize) -> Result<(), Ended> {
        while let Some(series) = self.series.get(place) {
            let known = series.next_known(TOGETHER);
            if known.is_empty() {
                break;
            }
            let span = series.interval().span();
            let received_time = UnixMicros::now();
            let observe = |candle: &Candle| Observation {
                event_time: candle.open_time.plus(span),
                received_time,
                source: P::SOURCE,
                source_position: 0,
                payload: Payload::Candle(*candle),
            };
            self.submit(known.iter().map(observe).collect()).await?;
            if let Some(series) = self.series.get_mut(place) {
                series.recorded(known.len());
            }
        }
        Ok(())
    }

    async fn tell(&self, observation: Observation) -> Result<(), Ended> {
        self.submit(vec![observation]).await
    }

    /// Hands over observations until they are durable.
    async fn submit(&self, observations: Vec<Observation>) -> Result<(), Ended> {
        loop {
            match self.ingest.submit(observations.clone()).await {
                Ok(_) => return Ok(()),
                Err(Refused::Stopping) => return Err(Ended),
                Err(Refused::Unwritable | Refused::Full) => tokio::time::sleep(Duration::from_secs(1)).await,
            }
        }
    }

    fn until_due(&self) -> Duration {
        let now = UnixMicros::now();
        let due = self.series.iter().map(|series| series.due().since(now)).min();
        due.unwrap_or(WAIT_MAX).clamp(Duration::from_millis(100), WAIT_MAX)
    }

    fn lacks(&self, (from, to): Lacking) -> Observation {
        let event = FeedEvent {
            feed: Name::Candles.as_str().into(),
            kind: FeedEventKind::Gap,
            symbol: Some(self.symbol),
            from: Some(from),
            to: Some(to),
            reason: format!("{}: candles are missing, and the venue does not have them", P::VENUE.as_str()),
        };
        said(event, UnixMicros::now())
    }
}
