//! What is counted about requests.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, histogram};

/// Streams that are being sent.
pub(crate) const OPEN_STREAMS: &str = "gateway_open_streams";
const REQUESTS: &str = "gateway_requests_total";
const LATENCY: &str = "gateway_request_seconds";

/// The route of whatever no route was made for: the dashboard's files, and what does not exist. One
/// name for all, so that nobody can fill the metrics with made-up paths.
const NO_ROUTE: &str = "other";

/// Says what each number means.
pub(crate) fn describe() {
    describe_counter!(REQUESTS, "requests answered, by route and status");
    describe_histogram!(
        LATENCY,
        metrics::Unit::Seconds,
        "from a request to the head of its answer, by route"
    );
    describe_gauge!(OPEN_STREAMS, "streams that are being sent");
}

/// Counts and times each request.
pub(crate) async fn requests(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or(NO_ROUTE, MatchedPath::as_str).to_owned();
    let began = Instant::now();
    let response = next.run(request).await;
    histogram!(LATENCY, "route" => route.clone()).record(began.elapsed().as_secs_f64());
    counter!(REQUESTS, "route" => route, "status" => response.status().as_str().to_owned()).increment(1);
    response
}
