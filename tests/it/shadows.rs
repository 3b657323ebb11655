//! What was not entered, as users ask for it.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tests::cluster::{Cluster, World};
use tests::until::until;

/// The simulated market needs some minutes of its own time until an entry is over.
const PATIENCE: Duration = Duration::from_mins(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shadows_are_listed_and_tell_what_a_gate_saved_or_cost() {
    let cluster = Cluster::start(World::simulated(60)).await;
    let rest = cluster.rest();
    // More wallets together than there are: every candidate is turned away at the bundle.
    let play = json!({
        "name": "Picky",
        "active": true,
        "wallets": {
            "sql": "SELECT DISTINCT wallet AS wallet_address FROM sol_stablecoin_trades",
            "cacheSeconds": 60,
        },
        "bundle": { "wallets": 50, "seconds": 5 },
    });
    let saved = rest.send(Method::POST, "/plays", &play.to_string()).await;
    assert_eq!(saved.status, 200, "{}", saved.text);

    let of = |kind: &'static str| {
        let rest = rest.clone();
        async move {
            until("a shadow is complete", PATIENCE, async || {
                let found = rest.json(&format!("/shadows?play_id=picky&kind={kind}&limit=10")).await;
                found["shadows"].as_array().filter(|shadows| !shadows.is_empty()).cloned()
            })
            .await
        }
    };
    let sample = of("sample").await.remove(0);
    assert_eq!((&sample["kind"], &sample["playId"]), (&json!("KIND_SAMPLE"), &json!("picky")), "{sample}");
    let gains = &sample["gains"];
    let costs = gains["byExitPercent"].as_f64().unwrap() - gains["byExitAfterCostsPercent"].as_f64().unwrap();
    assert!((costs - 0.2).abs() < 1e-9, "{sample}");
    assert!(sample["exitPrice"].as_f64().unwrap() > 0.0, "{sample}");

    let rejected = of("rejected").await;
    assert!(rejected.iter().all(|shadow| shadow["kind"] == "KIND_REJECTED"), "{rejected:?}");
    let attribution = rest.json("/gates/attribution?play_id=picky&hours=24").await;
    let gates: Vec<&Value> = attribution["gates"].as_array().unwrap().iter().collect();
    let bundle = gates.iter().find(|gate| gate["gate"] == "GATE_BUNDLE").unwrap();
    // Nothing entered, so there is nothing to compare with.
    assert_eq!((&bundle["verdict"], &bundle["positions"]), (&json!("VERDICT_OPEN"), &json!(0)), "{bundle}");
    assert!(bundle["rejected"]["meanPercent"].is_f64(), "{bundle}");
    assert!(attribution["random"][0]["shadows"].as_u64().unwrap() > 0, "{attribution}");

    let suggested = rest.json("/patterns/suggestions?play_id=picky").await;
    let suggestion = &suggested["suggestions"][0];
    assert!(suggestion["entries"].as_u64().unwrap() > 0, "{suggestion}");
    // A few minutes are no evidence.
    assert_ne!(suggestion["judgement"], "JUDGEMENT_CLEARS", "{suggestion}");

    for (path, status) in [
        ("/shadows?kind=other", 400),
        ("/shadows?gate=door", 400),
        ("/gates/attribution?hours=73", 400),
        ("/gates/attribution?play_id=nobody", 404),
        ("/patterns/suggestions", 400),
        ("/patterns/suggestions?play_id=nobody", 404),
    ] {
        let answer = rest.get(path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
    }
}
