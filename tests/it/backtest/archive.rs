//! The archive as the source: what the journal says of the same events, to the last bit.

use std::time::Duration;

use goat::values::UnixMicros;
use goat::wire::market::GetStatusResponse;
use serde_json::Value;
use tests::cluster::{Cluster, World};
use tests::recordings;
use tests::service::{Said, command, run_to_end};

use super::PLAY;
use crate::copy_trading::postgres;

const PATIENCE: Duration = Duration::from_mins(10);

/// A password that must be seen nowhere. The server asks for none.
fn url(server: &postgres::Cluster) -> String {
    server.url().replacen("goat@", "goat:canary@", 1)
}

fn backtested(cluster: &Cluster, arguments: &[&str]) -> Said {
    let mut command = command("trading-engine", cluster.directory.path(), &cluster.environment);
    command.args(["backtest", "--play", "play.toml"]).args(arguments);
    let said = run_to_end(command);
    assert!(!said.output.contains("canary") && !said.errors.contains("canary"), "{said:?}");
    said
}

fn report(cluster: &Cluster, arguments: &[&str]) -> Value {
    let said = backtested(cluster, &[arguments, &["--json", "report.json"]].concat());
    assert_eq!(said.code, Some(0), "{}", said.errors);
    let report = std::fs::read_to_string(cluster.directory.path().join("report.json")).unwrap();
    serde_json::from_str(&report).unwrap()
}

/// The data-engine once its whole log, as it is now, is archived.
async fn archived(cluster: &Cluster) -> GetStatusResponse {
    let head = cluster.market_status().await.head_seq;
    let is_there = |status: &GetStatusResponse| {
        status.archive.as_ref().is_some_and(|archive| archive.archived_seq >= head)
    };
    cluster.market_status_when("the log is archived", PATIENCE, is_there).await
}

/// An hour of a generated market that goes on, archived.
async fn start_generated(server: &postgres::Cluster) -> (Cluster, GetStatusResponse) {
    let world = World::simulated(1).with("GOAT_FEEDS__SIMULATED__HISTORY_HOURS", 1);
    let cluster = start(world, server).await;
    let is_filled = |status: &GetStatusResponse| {
        let seconds = |time: Option<goat::prost_types::Timestamp>| time.map(|time| time.seconds);
        seconds(status.head_event_time) >= seconds(status.started_at)
    };
    cluster.market_status_when("the history is there", PATIENCE, is_filled).await;
    let status = archived(&cluster).await;
    (cluster, status)
}

async fn start(world: World, server: &postgres::Cluster) -> Cluster {
    let world = world.with("GOAT_ARCHIVE__URL", url(server)).with("GOAT_ARCHIVE__ALL_BOOKS", true);
    let mut cluster = Cluster::prepare(world).await;
    std::fs::write(cluster.directory.path().join("play.toml"), PLAY).unwrap();
    cluster.start_data_engine().await;
    cluster
}

/// From and to, of what is there so many minutes before the newest event.
fn span(status: &GetStatusResponse, minutes: [u64; 2]) -> [String; 2] {
    let newest = UnixMicros::try_from(status.head_event_time.unwrap()).unwrap();
    minutes.map(|minutes| newest.minus(Duration::from_mins(minutes)).to_string())
}

fn assert_same(cluster: &Cluster, [from, to]: &[String; 2]) -> Value {
    let of_the_journal = report(cluster, &["--from", from, "--to", to]);
    let of_the_archive = report(cluster, &["--from", from, "--to", to, "--archive"]);
    for field in ["state_hash", "first_seq", "last_seq", "events", "decisions", "positions"] {
        assert_eq!(of_the_journal[field], of_the_archive[field], "{field}");
    }
    assert_eq!(of_the_journal, of_the_archive);
    of_the_archive
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorded_hour_back_tested_from_the_archive_is_that_of_the_journal() {
    let names = ["prices-2026-01-03T21Z.parquet", "quicknode-trades-2026-01-03T2213Z.ndjson.gz"];
    let [Some(prices), Some(posts)] = names.map(recordings::file) else { return };
    let paths = format!("{},{}", prices.display(), posts.display());
    let server = postgres::Cluster::start();
    let world = World::replay(&prices).with("GOAT_FEEDS__REPLAY__PATH", paths);
    let cluster = start(world, &server).await;
    cluster.quiet_head().await;
    archived(&cluster).await;

    let whole = report(&cluster, &["--from", "2026-01-03T00:00:00Z"]);
    let again = report(&cluster, &["--from", "2026-01-03T00:00:00Z", "--archive", &url(&server)]);
    assert_eq!(whole, again);
    assert!(whole["account"]["trades"].as_u64().unwrap() > 0, "{}", whole["account"]);
    let middle = ["2026-01-03T22:20:00Z", "2026-01-03T22:45:00Z"].map(str::to_owned);
    assert!(assert_same(&cluster, &middle)["events"]["trades"].as_u64().unwrap() > 0);
}

/// Books, candles, whales and the feeds' own events too, from the middle of a log that goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_generated_half_hour_with_its_books_is_the_same_from_both() {
    let server = postgres::Cluster::start();
    let (cluster, status) = start_generated(&server).await;

    let report = assert_same(&cluster, &span(&status, [40, 10]));
    assert_eq!(report["mode"], "MODE_SIMULATED");
    assert!(report["events"]["books"].as_u64().unwrap() > 10_000, "{}", report["events"]);
    assert!(!report["decisions"].as_array().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archive_that_cannot_be_read_is_refused_with_the_reason() {
    let server = postgres::Cluster::start();
    let (mut cluster, status) = start_generated(&server).await;
    let [from, to] = span(&status, [20, 10]);
    cluster.data_engine.kill();
    let refused = |arguments: &[&str], code: i32, words: &str| {
        let said = backtested(&cluster, arguments);
        assert_eq!(said.code, Some(code), "{arguments:?}: {}", said.errors);
        assert!(said.errors.contains(words), "{arguments:?}: {}", said.errors);
    };
    let span = ["--from", from.as_str(), "--to", to.as_str()];
    let at = |address: &'static str| [&span[..], &["--archive", address]].concat();

    refused(&at("postgres://goat:canary@127.0.0.1:1/postgres"), 69, "onnection refused");
    refused(&at("postgres://goat:canary@db.example/d?sslmode=disable"), 64, "only loopback goes without TLS");
    refused(&at("nowhere:canary"), 64, "--archive is not an address of PostgreSQL");
    let early = ["--from", "2001-01-01T00:00:00Z", "--to", "2001-01-02T00:00:00Z", "--archive"];
    refused(
        &early,
        69,
        "the archive has no events from 2001-01-01T00:00:00Z to 2001-01-02T00:00:00Z; it has log",
    );
    let unknown = [&span[..], &["--archive", "--log", "unknown"]].concat();
    refused(&unknown, 69, "the archive has no events of log unknown");

    let archive = [&span[..], &["--archive"]].concat();
    server.psql(
        "INSERT INTO archive_gaps SELECT log, last_seq - 9, last_seq - 5, 'test' FROM archive_progress",
    );
    refused(&["--from", from.as_str(), "--archive"], 69, "the archive lacks the positions");
    server.psql("ALTER TABLE prices RENAME price TO usd");
    refused(&archive, 65, "the archive's schema does not fit: column \"price\" does not exist");
    server.psql("ALTER TABLE prices RENAME usd TO price; ALTER TABLE candles ALTER COLUMN volume TYPE text");
    refused(&archive, 65, "does not fit: candles has the column volume of type text, not float8");
    server.psql("DROP TABLE whale_movements");
    refused(&archive, 65, "does not fit: relation \"whale_movements\" does not exist");
}
