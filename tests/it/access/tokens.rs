//! Tokens and their scopes.

use goat::access::{Methods, Scope};
use goat::tonic::client::Grpc;
use goat::tonic::codegen::http::uri::PathAndQuery;
use goat::tonic::{Code, Request, Status};
use goat::wire::market;
use serde_json::Value;
use tests::cluster::{Cluster, World};
use tests::event_stream::EventStream;
use tests::rest::{Answer, Rest};
use tests::until::{PATIENCE, until, until_true};
use tonic_prost::ProstCodec;

use super::{OWNER, Secured, VIEWER, reach, with_tokens};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_works_over_tls_with_tokens() {
    let secured = Secured::start(World::simulated(20)).await;
    let rest = secured.rest(Some(VIEWER));

    let price = rest.json("/price/SOL").await;
    let cycles = rest.json("/cycles").await;
    let health = rest.get("/health").await;
    let mut stream = EventStream::open(&rest, "/stream/prices?after_seq=0", None).await;
    let events = stream.take(5, PATIENCE).await;

    assert!(price["price"].as_f64().is_some_and(|price| price > 0.0), "{price}");
    assert_eq!(cycles["count"].as_u64(), Some(7), "{cycles}");
    assert_eq!((health.status, &health.json()["trading"]["state"]), (200, &Value::from("up")));
    assert!(events.iter().all(|event| event.id.is_some()), "{events:?}");
    let resumed = EventStream::open(&rest, "/stream/prices", events[2].id).await.take(2, PATIENCE).await;
    assert_eq!(resumed[..], events[3..]);
    for address in secured.cluster.addresses.metrics {
        let (nobody, viewer) = (secured.rest_at(address, None), secured.rest_at(address, Some(VIEWER)));
        assert_eq!(nobody.get("/healthz").await.status, 200);
        assert_eq!(nobody.get("/readyz").await.status, 200);
        assert_eq!(nobody.get("/metrics").await.status, 401);
        assert!(viewer.get("/metrics").await.text.contains("goat_open_connections"));
    }
    for service in secured.cluster.logs() {
        assert!(!service.1.contain(VIEWER) && !service.1.contain(OWNER), "{} tells a secret", service.0);
    }
}

/// Asks an RPC with an empty message; none when something was answered.
async fn refusal(channel: goat::service::ServiceChannel, path: &str) -> Option<Status> {
    let mut client = Grpc::new(channel);
    client.ready().await.unwrap();
    let path = PathAndQuery::try_from(path).unwrap();
    let codec = ProstCodec::<(), ()>::default();
    client.server_streaming(Request::new(()), path, codec).await.err()
}

async fn with_tokens_alone() -> Cluster {
    let mut cluster = Cluster::prepare(with_tokens(World::simulated(20))).await;
    cluster.expect("authentication failed");
    cluster.data_engine.start();
    cluster.trading_engine.start();
    cluster.gateway.start();
    cluster
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_rpc_asks_for_its_scope_also_on_loopback() {
    let cluster = with_tokens_alone().await;
    let methods = Methods::of_schema().unwrap();
    let reflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    let paths: Vec<_> = methods.iter().map(|(path, method)| (path.to_owned(), method.scope)).collect();
    assert!(paths.len() > 15, "{paths:?}");

    for (path, scope) in paths.into_iter().chain([(reflection.to_owned(), Scope::Read)]) {
        let address = match path.split('.').nth(1) {
            Some("trading") => cluster.addresses.trading,
            Some("publisher") => cluster.addresses.publisher,
            _ => cluster.addresses.market,
        };
        let ask = async |secret| {
            let path = path.clone();
            let reach = reach(None, secret);
            until("the engine answers", PATIENCE, async || {
                let refused = refusal(reach.service_channel(address), &path).await;
                let asked = refused.as_ref().is_none_or(|status| status.code() != Code::Unavailable);
                let too_often =
                    refused.as_ref().is_some_and(|status| status.message().contains("too many failed"));
                (asked && !too_often).then(|| refused.map(|status| status.code()))
            })
            .await
        };
        assert_eq!(ask(None).await, Some(Code::Unauthenticated), "{path} without a token");
        let wrong = "a-secret-that-nobody-knows";
        assert_eq!(ask(Some(wrong)).await, Some(Code::Unauthenticated), "{path} with a wrong token");
        let denied = ask(Some(VIEWER)).await == Some(Code::PermissionDenied);
        assert_eq!(denied, scope == Scope::Admin, "{path} with a token that may only look");
        let owner = ask(Some(OWNER)).await;
        assert!(!matches!(owner, Some(Code::Unauthenticated | Code::PermissionDenied)), "{path}: {owner:?}");
    }
    let health =
        refusal(reach(None, None).service_channel(cluster.addresses.market), "/grpc.health.v1.Health/Check");
    assert!(health.await.is_none(), "health needs no token");
}

async fn asked(rest: &Rest, verb: &str, path: &str, secret: Option<&str>) -> Answer {
    let method = reqwest::Method::from_bytes(verb.to_ascii_uppercase().as_bytes()).unwrap();
    let mut request = rest.client.request(method, format!("{}{path}", rest.base)).body("{}");
    request = request.header("content-type", "application/json");
    if let Some(secret) = secret {
        request = request.bearer_auth(secret);
    }
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, text: String::new() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_path_asks_for_its_scope_and_the_dashboards_files_ask_for_nothing() {
    let cluster = with_tokens_alone().await;
    let rest = cluster.rest();
    let description =
        until("the gateway answers", PATIENCE, async || rest.try_get("/openapi.json").await.ok()).await;
    assert_eq!((description.status, rest.get("/").await.status), (200, 200));
    let description = description.json();
    let mut asked_for = 0;

    for (path, verbs) in description["paths"].as_object().unwrap() {
        let path = path.replace(['{', '}'], "");
        for (verb, operation) in verbs.as_object().unwrap() {
            until_true("not too many failures", PATIENCE, async || {
                let nobody = asked(&rest, verb, &path, None).await;
                if nobody.status == 429 {
                    return false;
                }
                assert_eq!(nobody.status, 401, "{verb} {path}");
                assert_eq!(nobody.headers["www-authenticate"], "Bearer realm=\"follow-the-goat\"");
                true
            })
            .await;
            let scope = operation["security"][0]["token"][0].as_str().unwrap().to_owned();
            let viewer = asked(&rest, verb, &path, Some(VIEWER)).await.status;
            assert_eq!(viewer == 403, scope == "admin", "{verb} {path} is {scope}, answered {viewer}");
            assert_ne!(viewer, 401, "{verb} {path}");
            asked_for += 1;
        }
    }
    assert!(asked_for > 20, "{asked_for}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_fails_too_often_is_told_so_and_the_log_stays_short() {
    let cluster = with_tokens_alone().await;
    let rest = cluster.rest();
    until("the gateway answers", PATIENCE, async || rest.try_get("/openapi.json").await.ok()).await;

    until_true("a failure is one too many", PATIENCE, async || {
        let mut statuses = Vec::new();
        for _ in 0..20 {
            statuses.push(asked(&rest, "get", "/price/SOL", Some("wrong-secret-0123456789")).await.status);
        }
        assert!(statuses.iter().all(|status| [401, 429].contains(status)), "{statuses:?}");
        statuses.contains(&429)
    })
    .await;

    let lines = cluster.gateway.logs.text();
    assert_eq!(lines.lines().filter(|line| line.contains("authentication failed")).count(), 1, "{lines}");
    let known = asked(&rest, "get", "/tables", Some(VIEWER)).await.status;
    assert_ne!(known, 429, "who has a token is not kept out by a neighbour");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_trading_engine_needs_the_right_token_and_says_so() {
    let mut cluster = with_tokens_alone().await;
    cluster.expect("the stream from the data-engine");
    cluster.expect("recent prices could not be fetched");
    cluster.trading_engine.kill();
    cluster.trading_engine.set("GOAT_ACCESS__TOKENS__VIEWER__SECRET", "another-secret-0123456789");
    cluster.trading_engine.start();

    let told = "Unauthenticated";
    until_true("it says why it cannot read", PATIENCE, async || cluster.trading_engine.logs.contain(told))
        .await;
    let mut market = goat::wire::MarketDataServiceClient::new(
        reach(None, Some(VIEWER)).service_channel(cluster.addresses.market),
    );
    assert!(market.list_feeds(market::ListFeedsRequest {}).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changes_something_is_in_the_log_with_who_asked_and_how_it_ended() {
    let mut cluster =
        Cluster::prepare(with_tokens(World::simulated(20)).with("GOAT_LOG__FILTER", "warn")).await;
    cluster.data_engine.start();
    cluster.trading_engine.start();
    cluster.gateway.start();
    let rest = cluster.rest();
    let pause = async |secret: &str| {
        let request = rest.client.post(format!("{}/trading/pause", rest.base)).bearer_auth(secret);
        Some(request.json(&serde_json::json!({"reason": "a test"})).send().await.ok()?.status().as_u16())
    };

    until("trading is paused", PATIENCE, async || pause(OWNER).await.filter(|status| *status == 200)).await;
    assert_eq!(pause(VIEWER).await, Some(403));

    let method = "method=\"/goat.trading.v1.TradingService/PauseTrading\"";
    for (logs, line) in [
        (&cluster.trading_engine.logs, format!("token=\"owner\" {method} outcome=\"Ok\"")),
        (&cluster.gateway.logs, format!("token=\"viewer\" {method} outcome=\"PermissionDenied\"")),
    ] {
        until_true(&format!("the log has {line}"), PATIENCE, async || logs.contain(&line)).await;
    }
}
