//! What the operator switches stays switched.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tests::cluster::{Cluster, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_asked_for_over_rest_outlives_kills_until_it_is_taken_back() {
    let mut cluster = Cluster::start(World::simulated(20)).await;
    let rest = cluster.rest();

    let body = json!({ "reason": "lunch", "requestedBy": "Zoë" }).to_string();
    let answer = rest.send(Method::POST, "/trading/pause", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let controls = answer.json()["controls"].clone();
    assert_eq!((&controls["paused"], &controls["reason"]), (&json!(true), &json!("lunch")), "{controls}");
    for pause_ms in [0, 30, 400] {
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        cluster.trading_engine.kill();
        let status = cluster.start_trading_engine().await;
        let kept = status.controls.unwrap();
        assert_eq!((kept.paused, kept.reason.as_str(), kept.requested_by.as_str()), (true, "lunch", "Zoë"));
    }

    let answer = rest.send(Method::POST, "/api/v1/trading/resume", "{}").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    cluster.trading_engine.kill();
    let status = cluster.start_trading_engine().await;
    assert!(!status.controls.unwrap().paused);
}
