//! Plays that cannot be: refused with a sentence, or harmless to the others.

use reqwest::Method;
use serde_json::{Value, json};
use tests::cluster::{Cluster, World};
use tests::rest::{Rest, integer};
use tests::until::until;

use super::{PATIENCE, play};

const EVERYONE: &str = "SELECT DISTINCT wallet AS wallet_address FROM sol_stablecoin_trades";

/// Joins that would take minutes.
const ENDLESS: &str = "SELECT p.wallet AS wallet_address FROM sol_stablecoin_trades p, range(1000000) a, range(1000000) b \
                       WHERE (a.range * 31 + b.range) % 1000003 = length(p.wallet) * 1000003";
/// Groups that would take gigabytes.
const ENORMOUS: &str = "SELECT max(w) AS wallet_address FROM (SELECT a.range::VARCHAR || '-' || b.range::VARCHAR AS w \
                        FROM range(100000) a, range(100000) b) AS many GROUP BY w";

async fn post(rest: &Rest, play: &Value) -> (u16, String) {
    let answer = rest.send(Method::POST, "/plays", &play.to_string()).await;
    (answer.status, answer.message())
}

async fn candidates(rest: &Rest, play: &str) -> u64 {
    let funnel = rest.json(&format!("/funnel?play_id={play}")).await;
    integer(&funnel["total"]["candidates"])
}

/// Waits until more candidates reached the play than now.
async fn assert_goes_on(rest: &Rest, play: &str) {
    let before = candidates(rest, play).await;
    until("the play goes on", PATIENCE, async || (candidates(rest, play).await > before + 5).then_some(()))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_play_that_cannot_be_is_refused_with_a_sentence_that_names_why() {
    let cluster = Cluster::start(World::simulated(20)).await;
    let rest = cluster.rest();
    let sql = |sql: &str| json!({ "wallets": { "sql": sql } });
    let stage = |feature: &str| {
        let condition = json!({ "feature": feature, "aggregation": "last", "operator": ">", "value": 0 });
        let stage = json!({ "windowMinutes": 1, "endMinutesBefore": 0, "all": [condition] });
        json!({ "validator": { "stages": { "setup": stage, "trigger": stage, "confirm": stage } } })
    };
    for (change, named) in [
        (json!({ "takeProfit": 3 }), "takeProfit"),
        (json!({ "sizeUsd": -5 }), "size_usd"),
        (json!({ "direction": 77 }), "direction"),
        (json!({ "perpMode": 77 }), "perp_mode"),
        (json!({ "exit": { "algorithm": 77 } }), "algorithm"),
        (stage("pm_mood"), "pm_mood"),
        (json!({ "validator": { "projectIds": ["nobody-made-it"] } }), "nobody-made-it"),
        (sql("SELECT wallet_address FROM wallet_profile"), "wallet_profile"),
        (sql("SELECT wallet_adress FROM wallet_profiles"), "wallet_adress"),
        (sql("SELECT price_cycle FROM wallet_profiles"), "wallet_address"),
        (sql("DELETE FROM decisions RETURNING wallet_address"), "SELECT"),
        (sql("SELECT wallet_address FROM wallet_profiles; DELETE FROM decisions"), "exactly one"),
        (
            sql("SELECT wallet_address FROM wallet_profiles; SELECT wallet_address FROM decisions"),
            "exactly one",
        ),
        (sql("SELECT content AS wallet_address FROM read_text('/etc/hostname')"), "read_text"),
    ] {
        let mut bad = play("bad", &json!({ "addresses": ["someone"] }));
        bad.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let (status, message) = post(&rest, &bad).await;
        assert!(status == 400 && message.contains(named), "{change}: {status} {message}");
    }
    assert_eq!(rest.get("/plays/bad").await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_without_end_or_measure_is_stopped_and_the_other_plays_go_on() {
    let cluster = Cluster::start(World::simulated(10)).await;
    let rest = cluster.rest();
    let good = play("good", &json!({ "sql": EVERYONE }));
    assert_eq!(post(&rest, &good).await, (200, String::new()));
    assert_goes_on(&rest, "good").await;

    for (id, sql, named) in [("endless", ENDLESS, "longer than"), ("enormous", ENORMOUS, "was stopped")] {
        let bad = play(id, &json!({ "sql": sql, "cacheSeconds": 60 }));
        assert_eq!(post(&rest, &bad).await, (200, String::new()));
        let path = format!("/decisions?play_id={id}&gate=wallet_listed");
        let note = until("the play says why it follows nobody", PATIENCE, async || {
            let answer = rest.json(&path).await;
            let note = answer["decisions"][0]["evaluations"].as_array()?.last()?["note"].as_str()?.to_owned();
            note.contains("failed").then_some(note)
        })
        .await;
        println!("{id}: {note}");
        assert!(note.contains(named), "{note}");
        assert_goes_on(&rest, "good").await;
    }
}
