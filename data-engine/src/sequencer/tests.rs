use std::sync::Arc;

use goat::event::{Perp, Side, Source, WalletTrade};
use goat::values::{Price, Quantity, UnixMicros};

use super::*;
use crate::ingest::Ingest;
use crate::journal::{Directory, LogId, recover};

fn trade(signature: &str, stablecoin: &str) -> Observation {
    let time = UnixMicros::from_seconds(1_700_000_000).unwrap();
    Observation {
        event_time: time,
        received_time: time,
        source: Source::QuickNode,
        source_position: 0,
        payload: Payload::Trade(Box::new(WalletTrade {
            signature: signature.to_owned(),
            wallet: "wallet".to_owned(),
            side: Side::Buy,
            sol_amount: Quantity::new(1.0).unwrap(),
            stablecoin: stablecoin.to_owned(),
            stablecoin_amount: Quantity::new(100.0).unwrap(),
            price: Price::new(100.0).unwrap(),
            slot: 1,
            block_height: 1,
            perp: Perp::default(),
            raw_json: String::new(),
        })),
    }
}

fn positioned(position: u64) -> Observation {
    Observation { source: Source::Replay, source_position: position, ..trade(&position.to_string(), "USDC") }
}

fn start(path: &std::path::Path) -> (Ingest, std::thread::JoinHandle<Result<(), WriteError>>) {
    let disk = Arc::new(Directory::create(path.to_owned()).unwrap());
    let mut memory = Memory::default();
    let settings = goat::settings::Journal::default();
    let recovered = recover(disk, &settings, LogId([1; 16]), &mut |payload| memory.learn(payload)).unwrap();
    let sequencer = Sequencer::new(recovered.writer, memory, Board::default());
    let (ingest, queue) = Ingest::new();
    (ingest, std::thread::spawn(move || sequencer.run(queue)))
}

#[tokio::test]
async fn a_trade_is_recorded_once_also_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let (ingest, thread) = start(directory.path());
    let first =
        ingest.submit(vec![trade("a", "USDC"), trade("a", "USDT"), trade("a", "USDC")]).await.unwrap();
    assert_eq!(first, Receipt { accepted: 2, duplicate: 1, head_seq: 2, first_seq: 1 });
    drop(ingest);
    thread.join().unwrap().unwrap();

    let (ingest, thread) = start(directory.path());
    let again = ingest.submit(vec![trade("a", "USDC"), trade("b", "USDC")]).await.unwrap();
    assert_eq!(again, Receipt { accepted: 1, duplicate: 1, head_seq: 3, first_seq: 3 });
    drop(ingest);
    thread.join().unwrap().unwrap();
}

#[tokio::test]
async fn a_rewindable_source_goes_on_where_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let (ingest, thread) = start(directory.path());
    ingest.submit((1..=5).map(positioned).collect()).await.unwrap();
    drop(ingest);
    thread.join().unwrap().unwrap();

    let (ingest, thread) = start(directory.path());
    let receipt = ingest.submit((4..=8).map(positioned).collect()).await.unwrap();
    assert_eq!(receipt, Receipt { accepted: 3, duplicate: 2, head_seq: 8, first_seq: 6 });
    drop(ingest);
    thread.join().unwrap().unwrap();
}

#[test]
fn what_could_not_be_written_is_not_known() {
    let mut known = Known::default();
    known.begin();
    assert!(known.admit(&trade("a", "USDC")) && known.admit(&positioned(7)));
    known.roll_back();

    known.begin();
    assert!(known.admit(&trade("a", "USDC")) && known.admit(&positioned(7)));
    known.commit();
    assert!(!known.admit(&trade("a", "USDC")));
    assert_eq!(known.source_position(), 7);
}
