//! A data-engine of a few lines.

use std::net::SocketAddr;
use std::pin::Pin;

use futures_util::{Stream, StreamExt, stream};
use goat::wire::market::subscribe_response::Message as Content;
use goat::wire::market::{self, EventBatch, Hello};
use goat::wire::{Frame, MarketDataService, MarketDataServiceServer};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

/// Knows one token, SOL, and streams its prices from the position asked for: ten of them, then it fails
/// or falls silent, as `symbols` says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Engine;

type Answer<T> = Result<Response<T>, Status>;
type Streamed<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

fn not_here<T>() -> Answer<T> {
    Err(Status::unimplemented("not in this engine"))
}

#[tonic::async_trait]
impl MarketDataService for Engine {
    type SubscribeStream = Streamed<Frame>;
    type StreamPricesStream = Streamed<market::StreamPricesResponse>;
    type StreamBooksStream = Streamed<market::StreamBooksResponse>;
    type StreamTradesStream = Streamed<market::StreamTradesResponse>;
    type StreamWhalesStream = Streamed<market::StreamWhalesResponse>;
    type StreamCandlesStream = Streamed<market::StreamCandlesResponse>;
    type StreamEventsStream = Streamed<market::StreamEventsResponse>;

    async fn subscribe(&self, request: Request<market::SubscribeRequest>) -> Answer<Self::SubscribeStream> {
        let Some(market::subscribe_request::Start::AfterSeq(after)) = request.into_inner().start else {
            return Err(Status::out_of_range("the oldest position kept is 4"));
        };
        let event = market::MarketEvent { seq: after + 1, ..market::MarketEvent::default() };
        let encoded =
            prost::Message::encode_to_vec(&EventBatch { events: vec![event], ..EventBatch::default() });
        let frames = [
            Frame::of(Content::Hello(Hello { start_seq: after + 1, ..Hello::default() })),
            Frame::batch([encoded.into()], after + 1, after + 3),
        ];
        Ok(Response::new(stream::iter(frames.map(Ok)).boxed()))
    }

    async fn stream_prices(
        &self,
        request: Request<market::StreamPricesRequest>,
    ) -> Answer<Self::StreamPricesStream> {
        let request = request.into_inner();
        let after = request.after_seq.unwrap_or_default();
        let price = |seq| market::StreamPricesResponse {
            seq,
            token: "SOL".to_owned(),
            price: 150.5,
            ..Default::default()
        };
        let prices = stream::iter((after + 1..=after + 10).map(move |seq| Ok(price(seq))));
        let fails = request.symbols.iter().any(|symbol| symbol == "FAILS");
        Ok(Response::new(if fails {
            prices.chain(stream::iter([Err(Status::unavailable("the feed broke"))])).boxed()
        } else {
            prices.chain(stream::pending()).boxed()
        }))
    }

    async fn stream_events(
        &self,
        request: Request<market::StreamEventsRequest>,
    ) -> Answer<Self::StreamEventsStream> {
        let symbol = request.into_inner().kinds;
        let user = market::UserEvent { symbol, ..market::UserEvent::default() };
        let payload = Some(market::market_event::Payload::User(user));
        let event = market::MarketEvent { seq: 1, payload, ..market::MarketEvent::default() };
        Ok(Response::new(
            stream::iter([Ok(market::StreamEventsResponse { seq: 1, event: Some(event) })]).boxed(),
        ))
    }

    async fn get_price(&self, request: Request<market::GetPriceRequest>) -> Answer<market::GetPriceResponse> {
        let token = request.into_inner().token;
        if token != "SOL" {
            return Err(Status::not_found(format!("no price of {token} has been recorded")));
        }
        Ok(Response::new(market::GetPriceResponse { token, price: 150.5, seq: 7, ..Default::default() }))
    }

    async fn get_price_history(
        &self,
        request: Request<market::GetPriceHistoryRequest>,
    ) -> Answer<market::GetPriceHistoryResponse> {
        let request = request.into_inner();
        let point = market::PricePoint { time: None, price: request.hours.unwrap_or(2.0) };
        let points = vec![point; request.max_points.unwrap_or(1) as usize];
        Ok(Response::new(market::GetPriceHistoryResponse {
            token: request.token,
            points,
            ..Default::default()
        }))
    }

    async fn get_status(&self, _: Request<market::GetStatusRequest>) -> Answer<market::GetStatusResponse> {
        Ok(Response::new(market::GetStatusResponse { head_seq: 7, ..Default::default() }))
    }

    async fn stream_books(&self, _: Request<market::StreamBooksRequest>) -> Answer<Self::StreamBooksStream> {
        not_here()
    }

    async fn stream_trades(
        &self,
        _: Request<market::StreamTradesRequest>,
    ) -> Answer<Self::StreamTradesStream> {
        not_here()
    }

    async fn stream_whales(
        &self,
        _: Request<market::StreamWhalesRequest>,
    ) -> Answer<Self::StreamWhalesStream> {
        not_here()
    }

    async fn stream_candles(
        &self,
        _: Request<market::StreamCandlesRequest>,
    ) -> Answer<Self::StreamCandlesStream> {
        not_here()
    }

    async fn get_latest(&self, _: Request<market::GetLatestRequest>) -> Answer<market::GetLatestResponse> {
        not_here()
    }

    async fn list_tables(&self, _: Request<market::ListTablesRequest>) -> Answer<market::ListTablesResponse> {
        not_here()
    }

    async fn list_feeds(&self, _: Request<market::ListFeedsRequest>) -> Answer<market::ListFeedsResponse> {
        not_here()
    }

    async fn query(&self, request: Request<market::QueryRequest>) -> Answer<market::QueryResponse> {
        let column = market::Column { name: request.into_inner().sql, r#type: "VARCHAR".to_owned() };
        Ok(Response::new(market::QueryResponse { columns: vec![column], ..Default::default() }))
    }

    async fn backfill(&self, _: Request<market::BackfillRequest>) -> Answer<market::BackfillResponse> {
        not_here()
    }

    async fn sync(&self, request: Request<market::SyncRequest>) -> Answer<market::SyncResponse> {
        let request = request.into_inner();
        let next_since_id = request.since_id.unwrap_or_default();
        Ok(Response::new(market::SyncResponse { table: request.table, next_since_id, ..Default::default() }))
    }

    async fn insert(&self, _: Request<market::InsertRequest>) -> Answer<market::InsertResponse> {
        not_here()
    }

    async fn insert_batch(
        &self,
        _: Request<market::InsertBatchRequest>,
    ) -> Answer<market::InsertBatchResponse> {
        not_here()
    }

    async fn insert_sync(&self, _: Request<market::InsertSyncRequest>) -> Answer<market::InsertSyncResponse> {
        not_here()
    }

    async fn list_gaps(&self, _: Request<market::ListGapsRequest>) -> Answer<market::ListGapsResponse> {
        not_here()
    }

    async fn get_replay_info(
        &self,
        _: Request<market::GetReplayInfoRequest>,
    ) -> Answer<market::GetReplayInfoResponse> {
        not_here()
    }
}

/// Serves the engine on a free port for as long as the test runs.
pub(super) async fn start() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = MarketDataServiceServer::new(Engine);
    let serving = tonic::transport::Server::builder()
        .add_service(service)
        .serve_with_incoming(TcpListenerStream::new(listener));
    tokio::spawn(serving);
    address
}
