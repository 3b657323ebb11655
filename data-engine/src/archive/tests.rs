//! Against a real server: killed, refused, asked.

pub(crate) mod cluster;
mod outage;
mod world;

use std::time::{Duration, Instant};

use goat::service::Stop;
use goat::wire::market::archive::State;

use super::*;
use crate::hot::TABLES;
use crate::journal::Log;
use cluster::Cluster;
use world::{Sums, add, expected, journal, simulated};

pub(crate) fn settings(url: &str) -> goat::settings::Archive {
    serde_json::from_value(serde_json::json!({ "url": url, "batch_interval_ms": 100 })).unwrap()
}

/// An archiver at work.
pub(crate) struct Running {
    archive: Archive,
    stop: Stop,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    pub(crate) fn begin(cluster: &Cluster, log: &Log) -> Self {
        let settings = settings(&cluster.url());
        let (archive, stop) = (Archive::connecting(), Stop::new());
        let target = Target::of(&settings).unwrap().unwrap();
        let archiver = Archiver::new(target, settings, archive.clone());
        let task = tokio::spawn(archiver.run(log.clone(), stop.clone()));
        Self { archive, stop, task }
    }

    async fn until(&self, log: &Log, what: &str, reached: impl Fn(&goat::wire::market::Archive) -> bool) {
        let began = Instant::now();
        while !reached(&self.archive.as_wire(log.head())) {
            let now = self.archive.as_wire(log.head());
            assert!(began.elapsed() < Duration::from_mins(2), "{what}: {now:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub(crate) async fn until_whole(&self, log: &Log) {
        self.until(log, "caught up", |archive| archive.lag_seq == 0).await;
    }

    pub(crate) async fn end(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

fn history(cluster: &Cluster, log: &Log) -> History {
    History::new(Target::of(&settings(&cluster.url())).unwrap().unwrap(), log.id())
}

async fn archived(history: &History) -> Sums {
    let mut sums = Sums::new();
    for table in TABLES {
        let mut take = |row: Vec<duckdb::types::Value>| {
            add(&mut sums, table.name, &row);
            Ok(())
        };
        history.each(table.name, &Range::default(), &mut take).await.unwrap();
    }
    sums
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rows_of_a_table_are_read_page_by_page_in_their_order() {
    let cluster = Cluster::start();
    let (_directory, mut writer) = journal(1 << 26);
    writer.append(&simulated(20_000).await).unwrap();
    let log = writer.log();
    let running = Running::begin(&cluster, &log);
    running.until_whole(&log).await;
    let history = history(&cluster, &log);

    let (mut range, mut seqs, mut pages) = (Range::default(), Vec::new(), 0);
    loop {
        let page = history.page("prices", &range, 300).await.unwrap();
        seqs.extend(page.rows.iter().map(|row| match row.fields["seq"].kind {
            Some(goat::prost_types::value::Kind::NumberValue(seq)) => seq as u64,
            ref other => panic!("{other:?}"),
        }));
        pages += 1;
        let Some(seq) = page.next_after_seq else { break };
        range.after_seq = seq;
    }

    let rows: u64 =
        expected(&log).iter().filter(|((table, _), _)| *table == "prices").map(|(_, (rows, _))| rows).sum();
    assert_eq!(seqs.len() as u64, rows);
    assert_eq!(pages, rows.div_ceil(300));
    assert!(seqs.is_sorted_by(|a, b| a < b));
    let newest = history
        .page("prices", &Range { after_seq: seqs[seqs.len() - 2], ..Range::default() }, 1)
        .await
        .unwrap();
    let shown = format!("{:?}", newest.rows[0].fields["source"].kind);
    assert_eq!(
        (newest.rows.len(), newest.next_after_seq, shown.as_str()),
        (1, None, "Some(StringValue(\"simulated\"))")
    );
    let none = Range { to: goat::values::UnixMicros::from_seconds(0).ok(), ..Range::default() };
    assert!(history.page("prices", &none, 10).await.unwrap().rows.is_empty());
    let unknown = history.page("prices; DROP TABLE prices", &range, 1).await.unwrap_err().to_string();
    assert!(unknown.contains("there is no table \"prices; DROP"), "{unknown}");
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_does_not_fit_is_refused_by_name_and_taken_once_mended() {
    let cluster = Cluster::start();
    cluster.psql("CREATE TABLE candles (mine text)");
    let (_directory, mut writer) = journal(1 << 26);
    writer.append(&simulated(3000).await).unwrap();
    let log = writer.log();
    let running = Running::begin(&cluster, &log);
    let says = |words: &'static str| {
        move |archive: &goat::wire::market::Archive| {
            archive.state() == State::Down && archive.reason.contains(words)
        }
    };

    running
        .until(&log, "foreign table", says("a table candles is there that the data-engine did not make"))
        .await;
    cluster.psql("DROP TABLE candles");
    running.until_whole(&log).await;
    running.end().await;

    cluster.psql("ALTER TABLE prices ALTER COLUMN price TYPE text");
    let running = Running::begin(&cluster, &log);
    running.until(&log, "type", says("prices has the column price of type text, not double precision")).await;
    running.end().await;
    cluster.psql("ALTER TABLE prices DROP COLUMN price");
    let running = Running::begin(&cluster, &log);
    running.until(&log, "column", says("prices has no column price")).await;
    running.end().await;
    cluster.psql("UPDATE archive_migrations SET number = 99 WHERE number = 2");
    let running = Running::begin(&cluster, &log);
    running.until(&log, "version", says("migration 99 was applied by a newer version")).await;
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_logs_share_an_archive_and_a_restart_goes_on_in_the_middle_of_a_second() {
    let cluster = Cluster::start();
    let observations = simulated(6000).await;
    let (_first, mut one) = journal(1 << 26);
    let (_second, mut two) = journal(1 << 26);
    two.append(&observations[..1000]).unwrap();
    let logs = [one.log(), two.log()];
    let running = Running::begin(&cluster, &logs[1]);
    running.until_whole(&logs[1]).await;
    running.end().await;

    // Ten snapshots of each book a second: most stretches end within a second.
    for part in observations.chunks(997) {
        one.append(part).unwrap();
        let running = Running::begin(&cluster, &logs[0]);
        running.until_whole(&logs[0]).await;
        running.end().await;
    }

    for log in &logs {
        assert_eq!(archived(&history(&cluster, log)).await, expected(log));
    }
    assert_eq!(cluster.psql("SELECT count(*) FROM archive_progress"), "2");
    assert_eq!(cluster.psql("SELECT count(*) FROM archive_gaps"), "0");
}
