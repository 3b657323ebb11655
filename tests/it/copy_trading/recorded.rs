//! One recorded hour, read at full speed, at a pace, through kills, and with the ledger in PostgreSQL.

use std::collections::{BTreeMap, BTreeSet};

use goat::wire::trading as wire;
use serde_json::{Value, json};
use tests::cluster::{Cluster, World};
use tests::recordings;

use super::{Export, PATIENCE, committed, files, play, postgres};

const PRICES: &str = "prices-2026-01-03T21Z.parquet";
const POSTS: &str = "quicknode-trades-2026-01-03T2213Z.ndjson.gz";
/// An hour in half a minute.
const PACE: u32 = 120;
const KILLS_DEFAULT: u32 = 50;

/// Wallets that trade often in the recording.
const FREQUENT: [&str; 6] = [
    "YubQzu18FDqJRyNfG8JqHmsdbxhnoQqcKUHBdUkN6tP",
    "FbgR9632h4rvPciZzCHRGNrEaQM9bC2cGgAikJ8HUfS1",
    "4swoALYuvetDK6N3ak1Knc1bMLbm7nzkxCW1nqjPWGRV",
    "AG2UQKHngd3p6pTLJjS5Bk1eRVAEJAvNA89f6VmJrQUk",
    "gasTzr94Pmp4Gf8vknQnqxeYxdgwFjbgdJa4msYRpnB",
    "7JJ4RrYC4wBb2ZangbVW4XbQenhEbkdoo7vhoWoShYjp",
];
const QUERY: &str = "SELECT wallet_address FROM wallet_profiles WHERE threshold = 0.2 \
                     GROUP BY wallet_address HAVING count(*) >= 2";

/// Of a raw table, which a restart has to fetch anew.
const RAW_QUERY: &str = "SELECT wallet AS wallet_address FROM sol_stablecoin_trades GROUP BY wallet \
                         HAVING count(*) BETWEEN 3 AND 9";

fn plays() -> [Value; 3] {
    [
        play("listed", &json!({ "addresses": FREQUENT })),
        play("found", &json!({ "sql": QUERY, "cacheSeconds": 30 })),
        play("traders", &json!({ "sql": RAW_QUERY, "cacheSeconds": 20 })),
    ]
}

/// The recorded hour; none when it is not at hand.
fn hour(speed: u32) -> Option<World> {
    let (prices, posts) = (recordings::file(PRICES)?, recordings::file(POSTS)?);
    let paths = format!("{},{}", prices.display(), posts.display());
    let world = World::replay(&prices).with("GOAT_FEEDS__REPLAY__PATH", paths);
    Some(world.with("GOAT_FEEDS__REPLAY__SPEED", speed))
}

/// A cluster with the plays in files, its data-engine running.
async fn prepare(world: World) -> Cluster {
    let mut cluster = Cluster::prepare(world).await;
    let setting = files(&cluster, &plays());
    cluster.trading_engine.set("GOAT_TRADING__PLAYS", setting);
    cluster.start_data_engine().await;
    cluster
}

/// Reads the hour to its end in one go.
async fn whole(world: World) -> (Cluster, Export, String) {
    let mut cluster = prepare(world).await;
    cluster.trading_engine.start();
    let head = cluster.quiet_head().await;
    let hash = committed(&cluster, head).await;
    let export = Export::of(&cluster).await;
    (cluster, export, hash)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorded_hour_is_the_same_at_any_pace_through_kills_and_in_postgresql() {
    let (Some(fast), Some(paced), Some(killed), Some(kept)) = (hour(0), hour(PACE), hour(PACE), hour(0))
    else {
        return;
    };
    let (cluster, export, hash) = whole(fast).await;
    let head = cluster.market_status().await.head_seq;
    drop(cluster);
    assert_has_seen_trading(&export);
    println!(
        "{} decisions, {} positions, {} profiles, equity {:.6}, state {hash}",
        export.decisions.len(),
        export.positions.len(),
        export.profiles.len(),
        export.account.equity_usd
    );

    let (cluster, again, same) = whole(paced).await;
    drop(cluster);
    export.assert_same(&again, "at a pace");
    assert_eq!(hash, same, "at a pace");

    let server = postgres::Cluster::start();
    let (cluster, again, same) = whole(kept.with("GOAT_LEDGER__URL", server.url())).await;
    drop(cluster);
    export.assert_same(&again, "in PostgreSQL");
    assert_eq!(hash, same, "in PostgreSQL");

    let (again, same, kills) = through_kills(killed, head).await;
    export.assert_same(&again, "through kills");
    assert_eq!(hash, same, "through kills");
    println!("the same at a pace of {PACE}, in PostgreSQL, and through {kills} kills");
}

/// Where the log is when the engine is killed, in order: spread over all of it, some close to one another.
fn places(kills: u32, head: u64) -> Vec<u64> {
    // Multiples of the golden ratio, less their whole parts, in millionths.
    let mut places: Vec<u64> =
        (1..=u64::from(kills)).map(|kill| kill * 618_034 % 1_000_000 * head / 1_000_000).collect();
    places.sort_unstable();
    places
}

/// Reads the hour, of so many events, while the trading-engine is killed again and again.
async fn through_kills(world: World, head: u64) -> (Export, String, u32) {
    let wanted = std::env::var("COPY_TRADING_KILLS").ok().and_then(|text| text.parse().ok());
    let wanted: u32 = wanted.unwrap_or(KILLS_DEFAULT);
    let mut cluster = prepare(world).await;
    cluster.trading_engine.start();
    let (mut starting, mut behind, mut there) = (0, 0, 0);
    for place in places(wanted, head) {
        let reached = |status: &goat::wire::market::GetStatusResponse| status.head_seq >= place;
        cluster.market_status_when("the log reaches the next kill", PATIENCE, reached).await;
        match cluster.trading().get_status(wire::GetStatusRequest {}).await {
            Ok(status) if status.get_ref().caught_up => there += 1,
            Ok(_) => behind += 1,
            Err(_) => starting += 1,
        }
        cluster.trading_engine.kill();
        cluster.trading_engine.start();
    }
    println!(
        "killed {starting} times before it answered, {behind} while catching up, {there} at the log's end"
    );
    let head = cluster.quiet_head().await;
    let hash = committed(&cluster, head).await;
    // What is asked last comes from a ledger and a workspace that were opened once more.
    cluster.trading_engine.kill();
    cluster.start_trading_engine().await;
    assert_eq!(committed(&cluster, head).await, hash, "a restart at the end changed the state");
    (Export::of(&cluster).await, hash, wanted + 1)
}

/// What is compared is worth comparing: all plays entered, positions were left, profiles came about.
fn assert_has_seen_trading(export: &Export) {
    for id in ["listed", "found", "traders"] {
        let entered = export.positions.iter().filter(|position| position.play_id == id).count();
        assert!(entered > 0, "play {id} entered nothing");
    }
    let closed = export.positions.iter().filter(|one| one.state() == wire::position::State::Closed).count();
    assert!(closed > 0, "no position was left");
    assert!(!export.profiles.is_empty(), "no profile came about");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_candidate_and_no_cent_is_lost() {
    let Some(world) = hour(0) else { return };
    let (mut cluster, export, _) = whole(world).await;

    assert_funnels_add_up(&export);
    assert_positions_have_their_decisions(&export);
    cluster.start_gateway().await;
    assert_equity_is_the_sum(&cluster, &export).await;
    assert_why_not_names_gate_and_threshold(&cluster).await;
}

fn assert_funnels_add_up(export: &Export) {
    let total = export.funnel.total.as_ref().unwrap();
    let sum = |of: fn(&wire::Funnel) -> u64| export.funnel.plays.iter().map(of).sum::<u64>();
    assert_eq!(total.candidates, sum(|funnel| funnel.candidates));
    assert_eq!(total.entered, sum(|funnel| funnel.entered));
    assert_eq!(total.candidates, export.decisions.len() as u64);
    for funnel in export.funnel.plays.iter().chain([total]) {
        let failed: u64 = funnel.steps.iter().map(|step| step.failed).sum();
        assert_eq!(funnel.candidates, funnel.entered + failed, "{funnel:?}");
        let mut reached = funnel.candidates;
        for step in &funnel.steps {
            assert_eq!(step.reached, reached, "{step:?}");
            reached -= step.failed;
            let of_step = export.decisions.iter().filter(|one| {
                one.gate == step.gate && (funnel.play_id.is_empty() || one.play_id == funnel.play_id)
            });
            assert_eq!(of_step.count() as u64, step.failed, "{} {step:?}", funnel.play_id);
        }
        assert_eq!(reached, funnel.entered);
    }
}

fn assert_positions_have_their_decisions(export: &Export) {
    let entered: BTreeMap<&str, &wire::Decision> = export
        .decisions
        .iter()
        .filter(|decision| !decision.position_id.is_empty())
        .map(|decision| (decision.position_id.as_str(), decision))
        .collect();
    let positions: BTreeSet<&str> = export.positions.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(positions, entered.keys().copied().collect());
    for position in &export.positions {
        let decision = entered[position.id.as_str()];
        assert_eq!(decision.verdict(), wire::decision::Verdict::Enter);
        assert_eq!(
            (&decision.play_id, decision.play_version, &decision.wallet_address, decision.time),
            (&position.play_id, position.play_version, &position.wallet_address, position.decided_at)
        );
    }
}

/// Millionths of a dollar, as the account counts.
pub(super) fn millionths(usd: f64) -> i64 {
    #[allow(clippy::cast_possible_truncation)]
    let whole = (usd * 1e6).round() as i64;
    whole
}

async fn assert_equity_is_the_sum(cluster: &Cluster, export: &Export) {
    let account = cluster.rest().json("/account").await["account"].clone();
    let usd = |field: &str| account[field].as_f64().unwrap_or_else(|| panic!("{field}: {account}"));
    let profit: i64 = export.positions.iter().filter_map(|one| one.profit_usd).map(millionths).sum();
    let is_held = |one: &&wire::Position| {
        matches!(one.state(), wire::position::State::Open | wire::position::State::Closing)
    };
    let held: Vec<&wire::Position> = export.positions.iter().filter(is_held).collect();
    let entry_fee = |one: &&wire::Position| one.entry.as_ref().map_or(0.0, |fill| fill.fee_usd);
    let held_fees: i64 = held.iter().map(entry_fee).map(millionths).sum();
    let unrealised: i64 = held.iter().filter_map(|one| one.unrealised_usd).map(millionths).sum();

    let made = millionths(usd("equityUsd")) - millionths(usd("startUsd"));
    let difference = (made - (profit + unrealised - held_fees)).abs();
    // A cent is 10 000 millionths; each unrealised gain is rounded by less than one.
    assert!(difference <= 10_000, "equity made {made}, the positions {profit} + {unrealised} - {held_fees}");
    let parts =
        millionths(usd("realisedUsd")) + millionths(usd("unrealisedUsd")) - millionths(usd("feesUsd"));
    assert!((made - parts).abs() <= 2, "equity made {made}, its parts {parts}");
    println!("equity made {made} millionths, positions {}, off by {difference}", export.positions.len());
}

/// `curl` alone says why nothing was traded.
async fn assert_why_not_names_gate_and_threshold(cluster: &Cluster) {
    let rest = cluster.rest();
    let timing = json!({
        "id": "patient", "name": "patient", "active": true, "wallets": { "addresses": FREQUENT },
        "timing": { "direction": "DIRECTION_INCREASE", "windowSeconds": 60, "changePercent": 90 }
    });
    let answer = rest.send(reqwest::Method::POST, "/plays", &timing.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);

    let nothing = rest.json("/why_not?play_id=patient").await;
    assert_eq!(nothing["answer"], "No wallet's buy reached play patient in this time.");

    let answer = rest.json("/why_not?play_id=found").await;
    let text = answer["answer"].as_str().unwrap();
    let steps = answer["funnel"]["steps"].as_array().unwrap();
    let failed = steps.iter().filter(|step| tests::rest::integer(&step["failed"]) > 0);
    let measured = failed.filter(|step| step["medianMeasured"].is_number() && step["threshold"].is_number());
    let measured: Vec<&Value> = measured.collect();
    assert!(!measured.is_empty(), "no gate failed by a number: {answer}");
    for step in measured {
        let gate = step["gate"].as_str().unwrap().trim_start_matches("GATE_").to_lowercase();
        let (median, threshold) =
            (step["medianMeasured"].as_f64().unwrap(), step["threshold"].as_f64().unwrap());
        let said = format!("failed at {gate} (median {median:.4}, limit {threshold:.4}");
        assert!(text.contains(&said), "{said} is not in: {text}");
    }
    println!("GET /why_not?play_id=found: {text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_configured_play_that_cannot_be_is_refused_at_the_start() {
    let Some(world) = hour(0) else { return };
    let cluster = Cluster::prepare(world).await;
    for (change, named) in [
        (json!({ "stopp": 1 }), "stopp"),
        (json!({ "wallets": { "sql": "SELECT wallet_address FROM wallet_profile" } }), "wallet_profile"),
    ] {
        let mut bad = play("bad", &json!({ "addresses": FREQUENT }));
        bad.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let mut environment = cluster.environment.clone();
        environment.push(("GOAT_TRADING__PLAYS".to_owned(), files(&cluster, &[bad])));
        for arguments in [&["--check"][..], &[]] {
            let mut command =
                tests::service::command("trading-engine", cluster.directory.path(), &environment);
            command.args(arguments);
            let said = tests::service::run_to_end(command);
            assert_eq!(said.code, Some(64), "{}", said.errors);
            assert!(said.errors.contains(named) && said.errors.contains("trading.plays"), "{}", said.errors);
        }
    }
}
