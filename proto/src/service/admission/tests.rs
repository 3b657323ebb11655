use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body::Body as _;
use tower::service_fn;

use super::*;
use crate::settings::Access;

const READS: &str = "/test.v1.S/Reads";
const CHANGES: &str = "/test.v1.S/Changes";
const STREAMS: &str = "/test.v1.S/Streams";

fn rules(limits: Limits) -> Arc<Rules> {
    let access: Access = toml::from_str(
        "[tokens.viewer]\nsecret = \"viewer-secret-0123\"\n\
         [tokens.owner]\nsecret = \"owner-secret-01234\"\nscope = \"admin\"\n",
    )
    .unwrap();
    let known = [(READS, Scope::Read, false), (CHANGES, Scope::Admin, false), (STREAMS, Scope::Read, true)];
    let methods = known.map(|(path, scope, streams)| (path.to_owned(), Method { scope, streams }));
    let subscriptions = Arc::new(Semaphore::new(limits.subscriptions_max as usize));
    let guard = Guard::new(&access, &limits);
    Arc::new(Rules { guard, limits, methods: Methods::from(HashMap::from(methods)), subscriptions })
}

fn request(path: &str, secret: &str) -> Request<Body> {
    let mut request = Request::builder().uri(path);
    if !secret.is_empty() {
        request = request.header("authorization", format!("Bearer {secret}"));
    }
    request.body(Body::empty()).unwrap()
}

/// Answers with a piece of this length, in so much time.
async fn ask(rules: &Arc<Rules>, request: Request<Body>, bytes: usize, after: Duration) -> Response<Body> {
    let inner = service_fn(move |_: Request<Body>| async move {
        tokio::time::sleep(after).await;
        let piece = axum::body::Body::from(Bytes::from(vec![0; bytes]));
        Ok::<_, Infallible>(Response::new(Body::new(piece)))
    });
    let mut admitting = Admission(Arc::clone(rules)).layer(inner);
    admitting.call(request).await.unwrap()
}

async fn code(rules: &Arc<Rules>, request: Request<Body>) -> Code {
    let response = ask(rules, request, 5, Duration::ZERO).await;
    Status::from_header_map(response.headers()).map_or(Code::Ok, |status| status.code())
}

#[tokio::test]
async fn a_call_needs_the_scope_that_its_rpc_declares() {
    let rules = rules(Limits::default());
    let expected = [
        (READS, "", Code::Unauthenticated),
        (READS, "nobody-knows-this", Code::Unauthenticated),
        (READS, "viewer-secret-0123", Code::Ok),
        (CHANGES, "viewer-secret-0123", Code::PermissionDenied),
        (CHANGES, "owner-secret-01234", Code::Ok),
        ("/unknown.v1.S/Method", "", Code::Unauthenticated),
        ("/grpc.health.v1.Health/Check", "", Code::Ok),
        ("/grpc.health.v1.HealthIsNotThis/Check", "", Code::Unauthenticated),
    ];
    for (path, secret, expected) in expected {
        assert_eq!(code(&rules, request(path, secret)).await, expected, "{path} with {secret:?}");
    }
}

#[tokio::test]
async fn a_stream_holds_its_place_until_it_ends() {
    let rules = rules(Limits { subscriptions_max: 1, ..Limits::default() });
    let stream = || request(STREAMS, "viewer-secret-0123");

    let first = ask(&rules, stream(), 5, Duration::ZERO).await;
    assert_eq!(code(&rules, stream()).await, Code::ResourceExhausted);
    assert_eq!(code(&rules, request(READS, "viewer-secret-0123")).await, Code::Ok);
    drop(first);

    assert_eq!(code(&rules, stream()).await, Code::Ok);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_begin_in_time_is_a_deadline() {
    let rules = rules(Limits::default());

    let response = ask(&rules, request(READS, "viewer-secret-0123"), 5, Duration::from_secs(11)).await;

    let status = Status::from_header_map(response.headers()).unwrap();
    assert_eq!((status.code(), status.message()), (Code::DeadlineExceeded, "no answer within 10000 ms"));
}

#[tokio::test]
async fn an_answer_that_is_too_long_ends_with_a_status() {
    let rules = rules(Limits { response_bytes_max: 100, ..Limits::default() });
    let frame = async |bytes| {
        let asked = request(READS, "viewer-secret-0123");
        let mut body = ask(&rules, asked, bytes, Duration::ZERO).await.into_body();
        std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await.unwrap().unwrap()
    };

    assert!(frame(105).await.is_data());
    let trailers = frame(106).await.into_trailers().unwrap();
    let status = Status::from_header_map(&trailers).unwrap();
    assert_eq!(status.code(), Code::ResourceExhausted);
}

#[tokio::test]
async fn a_request_that_is_too_long_is_refused_by_the_length_it_announces() {
    let piece = |length: u32| {
        let mut bytes = vec![0];
        bytes.extend(length.to_be_bytes());
        Body::new(axum::body::Body::from(bytes))
    };
    let frame = async |length| {
        let mut body = Question::new(piece(length), 100);
        std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await.unwrap()
    };

    assert!(frame(100).await.is_ok());
    assert_eq!(frame(101).await.unwrap_err().code(), Code::ResourceExhausted);
}

#[tokio::test]
async fn where_there_was_no_room_everything_is_refused() {
    let rules = rules(Limits::default());
    let mut request = request(READS, "viewer-secret-0123");
    let address = SocketAddr::from(([127, 0, 0, 1], 1));
    request.extensions_mut().insert(Visitor { address, over_limit: true });

    assert_eq!(code(&rules, request).await, Code::ResourceExhausted);
}
