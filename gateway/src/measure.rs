//! What is counted about requests.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use goat::service::measure::Metric;
use metrics::{SharedString, counter, histogram};

use crate::alerts::channels::CHANNELS;
use crate::publisher::delivery::OUTCOMES;
use crate::publisher::draft::KINDS;

/// Streams that are being sent.
pub(crate) const OPEN_STREAMS: &str = "goat_gateway_open_streams";
/// Streams of the engines that readers share.
pub(crate) const SHARED_STREAMS: &str = "goat_gateway_shared_streams";
/// Readers that were too far behind the stream that they share.
pub(crate) const STREAM_CATCH_UPS: &str = "goat_gateway_stream_catch_ups_total";
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
    Metric::gauge(SHARED_STREAMS, "streams of the engines that are read once for all who ask the same"),
    Metric::counter(
        STREAM_CATCH_UPS,
        "times that a reader fell behind the stream it shares and caught up by its own",
    ),
    Metric::counter(POSTS_COMPOSED, "posts that were composed, by kind").by(&[("kind", KINDS)]),
    Metric::counter(POST_REQUESTS, "requests to X, by how they ended").by(&[("outcome", OUTCOMES)]),
    Metric::counter(ALERT_MESSAGES, "attempts to deliver alerts, by channel and outcome")
        .by(&[("channel", CHANNELS), ("outcome", &["sent", "failed"])]),
];

/// A request that is being answered.
pub(crate) struct Answering {
    route: SharedString,
    began: Instant,
}

impl Answering {
    /// From now on.
    pub(crate) fn begin(request: &Request) -> Self {
        let route = request.extensions().get::<MatchedPath>();
        let route = route.map_or(SharedString::const_str(NO_ROUTE), |route| route.as_str().to_owned().into());
        Self { route, began: Instant::now() }
    }

    /// Counts it, and the time to the head of its answer.
    pub(crate) fn end(self, response: &Response) {
        let Self { route, began } = self;
        let status = response.status().as_str().to_owned();
        histogram!(LATENCY, "route" => route.clone()).record(began.elapsed().as_secs_f64());
        counter!(REQUESTS, "route" => route, "status" => status).increment(1);
    }
}
