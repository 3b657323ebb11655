//! A journal that was cut short goes on; one that is damaged says where, and waits for a decision.

use std::fs::OpenOptions;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use tests::checker::Contents;
use tests::cluster::{Cluster, World};
use tests::reader::Reader;
use tests::service::run_to_end;
use tests::until::PATIENCE;

/// A cluster whose data-engine has recorded something, and was killed.
async fn with_a_journal() -> (Cluster, Contents) {
    let mut cluster = Cluster::prepare(World::simulated(20)).await;
    cluster.start_data_engine().await;
    let recorded = read(&cluster, 3000).await;
    cluster.data_engine.kill();
    (cluster, recorded)
}

async fn read(cluster: &Cluster, up_to: u64) -> Contents {
    let mut reader = Reader::new(cluster.addresses.market);
    reader.read_until(PATIENCE, |reader| reader.cursor() >= up_to).await;
    reader.contents
}

/// The last file of the journal.
fn segment(cluster: &Cluster) -> PathBuf {
    let directory = cluster.directory.path().join("data/market/journal");
    let entries = std::fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some()).max().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_was_cut_short_is_removed_and_said_and_nothing_else_is_lost() {
    let (mut cluster, recorded) = with_a_journal().await;
    cluster.expect("a write that was cut short, and never acknowledged, has been removed");
    let path = segment(&cluster);
    let whole = std::fs::metadata(&path).unwrap().len();
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    let mut beginning = [0; 48];
    std::fs::File::open(&path).unwrap().read_exact(&mut beginning).unwrap();
    // The header of a block, as the kill may have left it, without the rest.
    file.write_all(&beginning[36..]).unwrap();

    let status = cluster.start_data_engine().await;

    assert!(status.head_seq >= recorded.last_seq());
    assert!(
        cluster.data_engine.logs.contain("a write that was cut short"),
        "{}",
        cluster.data_engine.logs.text()
    );
    assert!(
        cluster.data_engine.logs.contain(&format!("offset={whole}")),
        "{}",
        cluster.data_engine.logs.text()
    );
    recorded.assert_agrees_with(&read(&cluster, recorded.last_seq()).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_in_the_middle_stops_the_engine_until_it_is_repaired() {
    let (mut cluster, recorded) = with_a_journal().await;
    let path = segment(&cluster);
    flip_a_byte_in_the_middle(&path);
    let name = path.file_name().unwrap().to_str().unwrap();

    for arguments in [&[][..], &["journal", "verify"]] {
        let said = run_to_end(cluster.data_engine.command(arguments));
        assert_eq!(said.code, Some(65), "{arguments:?}: {said:?}");
        for named in [name, "at byte", "position", "damaged"] {
            assert!(said.errors.contains(named), "{named:?} is not named: {}", said.errors);
        }
    }
    let hesitant = run_to_end(cluster.data_engine.command(&["journal", "repair"]));
    assert_eq!(hesitant.code, Some(64), "{hesitant:?}");
    assert!(hesitant.errors.contains("--yes"), "{hesitant:?}");

    let repaired = run_to_end(cluster.data_engine.command(&["journal", "repair", "--yes"]));
    assert_eq!(repaired.code, Some(0), "{repaired:?}");
    let verified = run_to_end(cluster.data_engine.command(&["journal", "verify"]));
    assert_eq!(verified.code, Some(0), "{verified:?}");
    assert!(verified.output.contains("whole"), "{verified:?}");
    let status = cluster.start_data_engine().await;
    assert!(status.head_seq > 0, "{status:?}");
    // Up to the damage everything is as it was.
    let kept = read(&cluster, recorded.last_seq() / 4).await;
    assert!(kept.count() > 0);
}

fn flip_a_byte_in_the_middle(path: &PathBuf) {
    let mut file = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let middle = file.metadata().unwrap().len() / 2;
    let mut byte = [0];
    file.seek(SeekFrom::Start(middle)).unwrap();
    file.read_exact(&mut byte).unwrap();
    file.seek(SeekFrom::Start(middle)).unwrap();
    file.write_all(&[byte[0] ^ 0x55]).unwrap();
}
