//! `MarketDataService`, call by call.

use std::time::Duration;

use goat::error::Kind;
use goat::settings::Mode;
use goat::values::{Symbol, UnixMicros};
use goat::wire::market::{self as wire, EventKind, subscribe_request, subscribe_response::Message};
use goat::wire::{Frame, MarketDataService};
use tonic::{Request, Response, Status};

use super::history::{gaps, thin};
use super::streams::{Since, answers, kinds, symbols};
use super::subscription::{Filter, Subscription};
use super::{MarketData, Reply, limit};
use crate::feeds::board::Name;
use crate::journal::Start;
use crate::latest::as_price;

/// A week of prices at one a second is half a million points.
const LINE_HOURS_MAX: f64 = 168.0;

#[tonic::async_trait]
impl MarketDataService for MarketData {
    type SubscribeStream = Reply<Frame>;
    type StreamPricesStream = Reply<wire::StreamPricesResponse>;
    type StreamBooksStream = Reply<wire::StreamBooksResponse>;
    type StreamTradesStream = Reply<wire::StreamTradesResponse>;
    type StreamWhalesStream = Reply<wire::StreamWhalesResponse>;
    type StreamCandlesStream = Reply<wire::StreamCandlesResponse>;
    type StreamEventsStream = Reply<wire::StreamEventsResponse>;

    async fn subscribe(
        &self,
        request: Request<wire::SubscribeRequest>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        let request = request.into_inner();
        let start = match request.start {
            None => Start::Oldest,
            Some(subscribe_request::Start::AfterSeq(seq)) => Start::After(seq),
            Some(subscribe_request::Start::Since(time)) => Start::Since(
                UnixMicros::try_from(time)
                    .map_err(|error| Kind::Invalid.status(format!("since: {error}")))?,
            ),
            Some(subscribe_request::Start::LookbackSeconds(seconds)) => self.start_back(seconds)?,
            Some(subscribe_request::Start::Latest(_)) => Start::Latest,
        };
        let filter = Filter { kinds: event_kinds(&request.kinds)?, symbols: symbols(&request.symbols)? };
        let stop = self.stop.clone();
        let mut subscription =
            Subscription::open(self.log.clone(), start, filter, request.follow, stop).await?;
        let hello = Frame::of(Message::Hello(wire::Hello {
            log_id: self.log.id().to_string(),
            oldest_seq: self.log.oldest_seq(),
            head_seq: self.log.head().seq,
            start_seq: subscription.start_seq(),
            mode: self.mode().into(),
        }));
        Ok(Response::new(Box::pin(async_stream::try_stream! {
            yield hello;
            while let Some(item) = subscription.next().await? {
                yield Frame::from(item);
            }
        })))
    }

    async fn stream_prices(
        &self,
        request: Request<wire::StreamPricesRequest>,
    ) -> Result<Response<Self::StreamPricesStream>, Status> {
        let wire::StreamPricesRequest { symbols: wanted, after_seq, lookback_seconds } = request.into_inner();
        let filter = Filter { kinds: vec![EventKind::Price], symbols: symbols(&wanted)? };
        let stream = self.stream(filter, Since { after_seq, lookback_seconds }, as_price).await?;
        Ok(Response::new(stream))
    }

    async fn stream_books(
        &self,
        request: Request<wire::StreamBooksRequest>,
    ) -> Result<Response<Self::StreamBooksStream>, Status> {
        let wire::StreamBooksRequest { symbols: wanted, after_seq, lookback_seconds } = request.into_inner();
        let filter = Filter { kinds: vec![EventKind::Book], symbols: symbols(&wanted)? };
        let stream = self.stream(filter, Since { after_seq, lookback_seconds }, answers::book).await?;
        Ok(Response::new(stream))
    }

    async fn stream_trades(
        &self,
        request: Request<wire::StreamTradesRequest>,
    ) -> Result<Response<Self::StreamTradesStream>, Status> {
        let wire::StreamTradesRequest { after_seq, lookback_seconds } = request.into_inner();
        let filter = Filter { kinds: vec![EventKind::Trade], symbols: Vec::new() };
        let stream = self.stream(filter, Since { after_seq, lookback_seconds }, answers::trade).await?;
        Ok(Response::new(stream))
    }

    async fn stream_whales(
        &self,
        request: Request<wire::StreamWhalesRequest>,
    ) -> Result<Response<Self::StreamWhalesStream>, Status> {
        let wire::StreamWhalesRequest { after_seq, lookback_seconds } = request.into_inner();
        let filter = Filter { kinds: vec![EventKind::Whale], symbols: Vec::new() };
        let stream = self.stream(filter, Since { after_seq, lookback_seconds }, answers::whale).await?;
        Ok(Response::new(stream))
    }

    async fn stream_candles(
        &self,
        request: Request<wire::StreamCandlesRequest>,
    ) -> Result<Response<Self::StreamCandlesStream>, Status> {
        let wire::StreamCandlesRequest { symbols: wanted, after_seq, lookback_seconds } =
            request.into_inner();
        let filter = Filter { kinds: vec![EventKind::Candle], symbols: symbols(&wanted)? };
        let stream = self.stream(filter, Since { after_seq, lookback_seconds }, answers::candle).await?;
        Ok(Response::new(stream))
    }

    async fn stream_events(
        &self,
        request: Request<wire::StreamEventsRequest>,
    ) -> Result<Response<Self::StreamEventsStream>, Status> {
        let request = request.into_inner();
        let filter = Filter { kinds: kinds(&request.kinds)?, symbols: symbols(&request.symbols)? };
        let since = Since { after_seq: request.after_seq, lookback_seconds: request.lookback_seconds };
        Ok(Response::new(self.stream(filter, since, answers::event).await?))
    }

    async fn get_price(
        &self,
        request: Request<wire::GetPriceRequest>,
    ) -> Result<Response<wire::GetPriceResponse>, Status> {
        let token = token(&request.into_inner().token)?;
        let price = self.latest.price(&token).ok_or_else(|| self.no_price(&token))?;
        let time = |timestamp: Option<_>| timestamp.and_then(|time| UnixMicros::try_from(time).ok());
        let event_time = time(price.event_time).unwrap_or_default();
        let as_of = self.now();
        Ok(Response::new(wire::GetPriceResponse {
            token,
            price: price.price,
            event_time: price.event_time,
            received_time: price.received_time,
            age_ms: as_of.millis_since(event_time),
            stale: as_of.since(event_time) > Name::Prices.stale_after(),
            source: price.source,
            seq: price.seq,
            as_of: Some(as_of.into()),
        }))
    }

    async fn get_price_history(
        &self,
        request: Request<wire::GetPriceHistoryRequest>,
    ) -> Result<Response<wire::GetPriceHistoryResponse>, Status> {
        let request = request.into_inner();
        let token = token(&request.token)?;
        let hours = request.hours.unwrap_or(2.0);
        if !(hours > 0.0 && hours <= LINE_HOURS_MAX) {
            let message = format!("hours must be above 0 and at most {LINE_HOURS_MAX}, got {hours}");
            return Err(Kind::Invalid.status(message));
        }
        let points_max = limit("max_points", request.max_points, 2000, 20_000)?;
        let price = self.latest.price(&token).ok_or_else(|| self.no_price(&token))?;
        let since = self.log.head().time.minus(Duration::from_secs_f64(hours * 3600.0));
        let (points, lacking) = self.line(token.clone(), since).await?;
        let (complete_from, why) = lacking.unzip();
        Ok(Response::new(wire::GetPriceHistoryResponse {
            token,
            points: thin(&points, points_max),
            gaps: gaps(&points),
            source: price.source,
            complete_from: complete_from.map(Into::into),
            incomplete_reason: why.map(|why| why.to_string()).unwrap_or_default(),
        }))
    }

    async fn get_latest(
        &self,
        request: Request<wire::GetLatestRequest>,
    ) -> Result<Response<wire::GetLatestResponse>, Status> {
        let request = request.into_inner();
        let rows_max = limit("limit", request.limit, 100, 1000)?;
        let rows = self.hot.latest(&request.table, rows_max).await?;
        let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        Ok(Response::new(wire::GetLatestResponse { table: request.table, rows, count }))
    }

    async fn list_tables(
        &self,
        _: Request<wire::ListTablesRequest>,
    ) -> Result<Response<wire::ListTablesResponse>, Status> {
        Ok(Response::new(wire::ListTablesResponse { tables: self.hot.tables().await? }))
    }

    async fn list_feeds(
        &self,
        _: Request<wire::ListFeedsRequest>,
    ) -> Result<Response<wire::ListFeedsResponse>, Status> {
        Ok(Response::new(wire::ListFeedsResponse { feeds: self.board.feeds(self.now()) }))
    }

    async fn query(
        &self,
        request: Request<wire::QueryRequest>,
    ) -> Result<Response<wire::QueryResponse>, Status> {
        let request = request.into_inner();
        let target = wire::QueryTarget::try_from(request.target)
            .map_err(|_| Kind::Invalid.status(format!("target has the unknown number {}", request.target)))?;
        Ok(Response::new(self.queries.answer(request.sql, target).await?))
    }

    async fn backfill(
        &self,
        request: Request<wire::BackfillRequest>,
    ) -> Result<Response<wire::BackfillResponse>, Status> {
        Ok(Response::new(self.backfill_page(request.into_inner()).await?))
    }

    async fn sync(
        &self,
        request: Request<wire::SyncRequest>,
    ) -> Result<Response<wire::SyncResponse>, Status> {
        Ok(Response::new(self.sync_page(request.into_inner()).await?))
    }

    async fn insert(
        &self,
        request: Request<wire::InsertRequest>,
    ) -> Result<Response<wire::InsertResponse>, Status> {
        let receipt = self.publish_one(request.into_inner().event).await?;
        Ok(Response::new(wire::InsertResponse { duplicate: receipt.duplicate > 0 }))
    }

    async fn insert_batch(
        &self,
        request: Request<wire::InsertBatchRequest>,
    ) -> Result<Response<wire::InsertBatchResponse>, Status> {
        Ok(Response::new(self.publish_batch(request.into_inner().events).await?.into()))
    }

    async fn insert_sync(
        &self,
        request: Request<wire::InsertSyncRequest>,
    ) -> Result<Response<wire::InsertSyncResponse>, Status> {
        let receipt = self.publish_one(request.into_inner().event).await?;
        let seq = (receipt.accepted > 0).then_some(receipt.first_seq);
        Ok(Response::new(wire::InsertSyncResponse { seq, duplicate: receipt.duplicate > 0 }))
    }

    async fn list_gaps(
        &self,
        request: Request<wire::ListGapsRequest>,
    ) -> Result<Response<wire::ListGapsResponse>, Status> {
        Ok(Response::new(self.recorded_gaps(request.into_inner()).await?))
    }

    async fn get_replay_info(
        &self,
        _: Request<wire::GetReplayInfoRequest>,
    ) -> Result<Response<wire::GetReplayInfoResponse>, Status> {
        Ok(Response::new(self.replay_info().await?))
    }

    async fn get_status(
        &self,
        _: Request<wire::GetStatusRequest>,
    ) -> Result<Response<wire::GetStatusResponse>, Status> {
        let head = self.log.head();
        let replay = self.settings.feeds.mode == Mode::Replay;
        Ok(Response::new(wire::GetStatusResponse {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            mode: self.mode().into(),
            replay_speed: replay.then_some(self.settings.feeds.replay.speed),
            started_at: Some(self.started_at.into()),
            log_id: self.log.id().to_string(),
            oldest_seq: self.log.oldest_seq(),
            head_seq: head.seq,
            head_event_time: (head.seq > 0).then(|| head.time.into()),
            hot_store: Some(wire::HotStore {
                ready: self.hot.is_whole(),
                applied_seq: self.hot.applied_seq(),
                tables: self.hot.tables().await?,
            }),
            feeds: self.board.feeds(self.now()),
            now: Some(self.now().into()),
            archive: Some(self.archive.as_wire(head)),
        }))
    }
}

impl MarketData {
    fn no_price(&self, token: &str) -> Status {
        let known = match self.latest.tokens() {
            tokens if tokens.is_empty() => "none has been recorded yet".to_owned(),
            tokens => format!("there are {}", tokens.join(", ")),
        };
        Kind::NotFound.status(format!("no price of {token} has been recorded; {known}"))
    }
}

fn token(text: &str) -> Result<String, Status> {
    let symbol = Symbol::parse(text).map_err(|error| Kind::Invalid.status(error.to_string()))?;
    Ok(symbol.to_string())
}

fn event_kinds(numbers: &[i32]) -> Result<Vec<EventKind>, Status> {
    let kind = |&number: &i32| match EventKind::try_from(number) {
        Ok(EventKind::Unspecified) | Err(_) => {
            Err(Kind::Invalid.status(format!("kinds has the unknown number {number}")))
        }
        Ok(kind) => Ok(kind),
    };
    numbers.iter().map(kind).collect()
}
