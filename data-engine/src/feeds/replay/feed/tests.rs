use goat::wire::market::feed::State;

use super::*;
use crate::ingest::Receipt;

fn at(micros: i64) -> UnixMicros {
    UnixMicros::new(micros).unwrap()
}

#[test]
fn recorded_time_passes_at_its_speed_and_gaps_are_cut_short() {
    let mut pace = Pace { speed: 2.0, told: None, due: at(0) };
    let dues = [100, 102, 102, 4_102, 4_103].map(|second| pace.due(at(second * 1_000_000)).get());
    assert_eq!(dues, [0, 1_000_000, 1_000_000, 6_000_000, 6_500_000]);
}

/// Replays a small recording; returns what the log was given and how the feed ended.
async fn replay(resume_position: u64) -> (Vec<Observation>, (State, String)) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("prices-x.parquet");
    let select = "SELECT TIMESTAMP '2026-01-01' + to_seconds(i) AS ts, 'SOL' AS token, 1.0 + i AS price FROM range(3000) r(i)";
    duckdb::Connection::open_in_memory()
        .unwrap()
        .execute_batch(&format!("COPY ({select}) TO '{}' (FORMAT parquet)", path.display()))
        .unwrap();
    let (ingest, mut submissions) = Ingest::new();
    let collecting = tokio::spawn(async move {
        let mut all = Vec::new();
        while let Some(submission) = submissions.recv().await {
            assert!(submission.observations.len() <= SUBMISSION_MAX);
            all.extend(submission.observations);
            submission.outcome.send(Ok(Receipt::default())).unwrap();
        }
        all
    });
    let settings = Replay { path: path.to_str().unwrap().to_owned(), speed: 0.0 };
    let board = Board::default();
    run(&settings, resume_position, ingest, board.clone(), Stop::new()).await.unwrap();
    let prices = board.feeds(UnixMicros::now()).into_iter().find(|feed| feed.name == "prices").unwrap();
    (collecting.await.unwrap(), (prices.state(), prices.reason))
}

#[tokio::test]
async fn a_replay_is_told_to_its_end_once() {
    let (told, (state, reason)) = replay(0).await;
    let positions: Vec<u64> = told.iter().map(|observation| observation.source_position).collect();
    assert_eq!(positions, (1..=3001).collect::<Vec<u64>>());
    assert!(
        matches!(&told.last().unwrap().payload, Payload::Feed(event) if event.kind == FeedEventKind::ReplayEnd)
    );
    assert_eq!((state, reason.as_str()), (State::Off, "the recording ended at 2026-01-01T00:49:59Z"));

    let (told, _) = replay(2_500).await;
    assert_eq!((told.len(), told[0].source_position), (501, 2_501));

    let (told, _) = replay(3_001).await;
    assert!(told.is_empty());
}
