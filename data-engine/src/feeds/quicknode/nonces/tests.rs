use super::*;

const WINDOW: Duration = Duration::from_mins(5);
const SIGNED: i64 = 1_763_995_639;

fn at(seconds: i64) -> UnixMicros {
    UnixMicros::from_seconds(seconds).unwrap()
}

/// The nonces in `directory`, with the writer at work until the nonces are dropped.
fn opened(directory: &Path) -> (Nonces, tokio::task::JoinHandle<io::Result<()>>) {
    let (nonces, writer) = open(directory, Sync::Always, WINDOW).unwrap();
    (nonces, tokio::task::spawn_blocking(move || writer.run()))
}

fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_used_nonce_stays_used_after_a_restart_and_one_that_failed_does_not() {
    let directory = tempfile::tempdir().unwrap();
    let (nonces, writing) = opened(directory.path());
    let reserve = |nonces: &Nonces, nonce| nonces.reserve(nonce, SIGNED, at(SIGNED)).map(drop);
    nonces.reserve("used", SIGNED, at(SIGNED)).unwrap().use_up().await.unwrap();
    drop(nonces.reserve("failed", SIGNED, at(SIGNED)).unwrap());
    assert_eq!(reserve(&nonces, "used"), Err(Unavailable::Used));
    drop(nonces);
    writing.await.unwrap().unwrap();

    let (nonces, _writing) = opened(directory.path());

    assert_eq!(reserve(&nonces, "used"), Err(Unavailable::Used));
    assert_eq!(reserve(&nonces, "failed"), Ok(()));
}

#[tokio::test]
async fn a_write_that_was_cut_short_harms_neither_what_was_before_nor_what_comes_after() {
    let directory = tempfile::tempdir().unwrap();
    let (nonces, writing) = opened(directory.path());
    nonces.reserve("before", SIGNED, at(SIGNED)).unwrap().use_up().await.unwrap();
    drop(nonces);
    writing.await.unwrap().unwrap();
    let file = directory.path().join(&names(directory.path())[0]);
    let mut bytes = std::fs::read(&file).unwrap();
    bytes.extend([7; 5]);
    std::fs::write(&file, bytes).unwrap();

    let (nonces, writing) = opened(directory.path());
    nonces.reserve("after", SIGNED, at(SIGNED)).unwrap().use_up().await.unwrap();
    drop(nonces);
    writing.await.unwrap().unwrap();

    let (nonces, _writing) = opened(directory.path());
    for nonce in ["before", "after"] {
        assert_eq!(nonces.reserve(nonce, SIGNED, at(SIGNED)).map(drop), Err(Unavailable::Used), "{nonce}");
    }
}

#[tokio::test]
async fn files_go_when_their_minute_has_expired_and_the_mark_stays() {
    let directory = tempfile::tempdir().unwrap();
    let (nonces, writing) = opened(directory.path());
    for minutes in 0..20 {
        let time = SIGNED + 60 * minutes;
        nonces.reserve(&format!("{minutes}"), time, at(time)).unwrap().use_up().await.unwrap();
    }
    drop(nonces);
    writing.await.unwrap().unwrap();

    let names = names(directory.path());
    assert_eq!(names.len(), 7, "{names:?}");
    assert_eq!(names.iter().filter(|name| name.ends_with("forgotten")).count(), 1, "{names:?}");
    let (nonces, writer) = open(directory.path(), Sync::Always, Duration::from_hours(1)).unwrap();
    drop(writer);
    let now = at(SIGNED + 60 * 19);
    assert_eq!(nonces.reserve("3", SIGNED + 60 * 3, now).map(drop), Err(Unavailable::Forgotten));
    assert_eq!(nonces.reserve("18", SIGNED + 60 * 18, now).map(drop), Err(Unavailable::Used));
    assert_eq!(nonces.reserve("new", SIGNED + 60 * 18, now).map(drop), Ok(()));
}

#[tokio::test]
async fn of_many_that_come_with_one_nonce_only_one_gets_in() {
    let directory = tempfile::tempdir().unwrap();
    let (nonces, _writing) = opened(directory.path());
    let mut posts = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let nonces = nonces.clone();
        posts.spawn(async move {
            match nonces.reserve("one", SIGNED, at(SIGNED)) {
                Ok(reservation) => reservation.use_up().await.is_ok(),
                Err(_) => false,
            }
        });
    }
    assert_eq!(posts.join_all().await.into_iter().filter(|got_in| *got_in).count(), 1);
}

#[tokio::test]
async fn a_sender_that_hung_up_may_send_the_same_again() {
    let directory = tempfile::tempdir().unwrap();
    let (nonces, writer) = open(directory.path(), Sync::Always, WINDOW).unwrap();
    let reservation = nonces.reserve("one", SIGNED, at(SIGNED)).unwrap();
    let mut hung_up = Box::pin(reservation.use_up());
    assert!(futures_util::poll!(&mut hung_up).is_pending());
    drop(hung_up);

    let writing = tokio::task::spawn_blocking(move || writer.run());

    nonces.reserve("one", SIGNED, at(SIGNED)).unwrap().use_up().await.unwrap();
    drop(nonces);
    writing.await.unwrap().unwrap();
}

#[tokio::test]
async fn nothing_is_used_up_that_cannot_be_written() {
    let directory = tempfile::tempdir().unwrap();
    let nonces_directory = directory.path().join("nonces");
    let (nonces, _writing) = opened(&nonces_directory);
    std::fs::remove_dir(&nonces_directory).unwrap();
    let reserved = || nonces.reserve("one", SIGNED, at(SIGNED)).unwrap();
    assert_eq!(reserved().use_up().await, Err(Unwritten));

    std::fs::create_dir(&nonces_directory).unwrap();

    assert_eq!(reserved().use_up().await, Ok(()));
}
