//! What is counted about requests.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use goat::service::measure::Metric;
use metrics::{counter, histogram};

use crate::alerts::channels::CHANNELS;
use crate::publisher::delivery::OUTCOMES;
use crate::publisher::draft::KINDS;

/// Streams that are being sent.
pub(crate) const OPEN_STREAMS: &str = "goat_gateway_open_streams";
/// Posts that were composed, by kind.
pub(crate) const POSTS_COMPOSED: &str = "goat_posts_composed_total";
/// Requests to X, by how they ended.
pub(crate) const POST_REQUESTS: &str = "goat_post_requests_total";
/// Messages of alerts, by channel and how the attempt ended.
pub(crate) const ALERT_MESSAGES: &str = "goat_alert_messages_total";
const REQUESTS: &str = "goat_gateway_requests_total";
const LATENCY: &str = "goat_gateway_request_seconds";

/// The route of whatever no route was made for: the dashboard's files, and what does not exist. One
/// name for all, so that nobody can fill the metrics with made-up paths.
const NO_ROUTE: &str = "other";

/// Every number that `/metrics` shows beside those of the entrance, and no other.
pub const METRICS: &[Metric] = &[
    Metric::counter(REQUESTS, "requests answered, by route and status")
        .by(&[("route", &[]), ("status", &[])]),
    Metric::histogram(LATENCY, "from a request to the head of its answer, by route").by(&[("route", &[])]),
    Metric::gauge(OPEN_STREAMS, "streams that are being sent"),
    Metric::counter(POSTS_COMPOSED, "posts that were composed, by kind").by(&[("kind", KINDS)]),
    Metric::counter(POST_REQUESTS, "requests to X, by how they ended").by(&[("outcome", OUTCOMES)]),
    Metric::counter(ALERT_MESSAGES, "attempts to deliver alerts, by channel and outcome")
        .by(&[("channel", CHANNELS), ("outcome", &["sent", "failed"])]),
];

/// Counts and times each request.
pub(crate) async fn requests(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or(NO_ROUTE, MatchedPath::as_str).to_owned();
    let began = Instant::now();
    let response = next.run(request).await;
    histogram!(LATENCY, "route" => route.clone()).record(began.elapsed().as_secs_f64());
    counter!(REQUESTS, "route" => route, "status" => response.status().as_str().to_owned()).increment(1);
    response
}
