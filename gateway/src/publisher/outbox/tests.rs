// The method itself is not general enough in the lifetime of the books.
#![allow(clippy::redundant_closure_for_method_calls)]

use super::*;
use crate::publisher::delivery::{Outcome, PartState};
use crate::publisher::draft::{PostId, PostKind};

fn at(seconds: i64) -> UnixMicros {
    UnixMicros::from_seconds(1_767_478_400 + seconds).unwrap()
}

fn trade(number: u32) -> PostId {
    PostId::new(PostKind::TradeResult, &number.to_string())
}

async fn compose(outbox: &Outbox, number: u32) -> bool {
    let composed = outbox.with(move |books| {
        let texts = ["one".to_owned(), "two".to_owned()];
        books.compose(&trade(number), PostKind::TradeResult, &texts, false, false, at(number.into()))
    });
    composed.await.unwrap()
}

async fn oldest(outbox: &Outbox) -> Post {
    outbox.with(|books| books.oldest_waiting()).await.unwrap().unwrap()
}

#[tokio::test]
async fn what_one_event_tells_is_composed_once() {
    let directory = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(directory.path()).unwrap();

    assert!(compose(&outbox, 1).await);
    assert!(!compose(&outbox, 1).await);
    drop(outbox);

    let outbox = Outbox::open(directory.path()).unwrap();
    assert!(!compose(&outbox, 1).await, "also after a restart");
    assert_eq!(outbox.with(|books| books.waiting(at(9))).await.unwrap().posts, 1);
}

#[tokio::test]
async fn a_thread_goes_on_at_its_missing_part_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(directory.path()).unwrap();
    compose(&outbox, 1).await;
    let mut post = oldest(&outbox).await;
    post.delivery.begin(0, at(2));
    post.delivery.settle(0, Outcome::Accepted { id: "77".to_owned() }, at(3));
    post.delivery.begin(1, at(3));
    outbox.with(move |books| books.update(&post, false)).await.unwrap();
    drop(outbox);

    let post = oldest(&Outbox::open(directory.path()).unwrap()).await;

    assert_eq!(post.delivery.parts[0].state, PartState::Sent { id: "77".to_owned() });
    let unknown = PartState::Unknown { since: at(3), is_there: false, look_ups: 0 };
    assert_eq!(post.delivery.parts[1].state, unknown, "nobody knows whether it was accepted");
    assert_eq!(post.state(), PostState::Unknown);
}

#[tokio::test]
async fn posts_wait_in_the_order_in_which_they_were_composed() {
    let directory = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(directory.path()).unwrap();
    for number in [3, 1, 2] {
        compose(&outbox, number).await;
    }
    let mut seen = Vec::new();
    while let Some(post) = outbox.with(|books| books.oldest_waiting()).await.unwrap() {
        seen.push(post.id.clone());
        outbox.with(move |books| books.update(&post, true)).await.unwrap();
    }
    assert_eq!(seen, [3, 1, 2].map(|number| trade(number).as_str().to_owned()));
}

#[tokio::test]
async fn a_work_that_fails_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(directory.path()).unwrap();

    let failed = outbox.with(|books| {
        books.remember("turn", &7)?;
        Err::<(), _>(OutboxError::Damaged("on purpose".to_owned()))
    });

    assert!(failed.await.is_err());
    assert_eq!(outbox.with(|books| books.remembered::<u32>("turn")).await.unwrap(), None);
}

#[tokio::test]
async fn in_quiet_hours_only_what_is_critical_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(directory.path()).unwrap();
    let alert = |id: &str, severity| Alert {
        id: id.to_owned(),
        severity,
        kind: "feed",
        title: "title".to_owned(),
        text: "text".to_owned(),
        raised_at: at(1),
    };
    let (low, high) = (alert("a", Severity::Warning), alert("b", Severity::Critical));
    let raised = outbox.with(move |books| {
        assert!(books.raise(&low, &["mail"])? && books.raise(&high, &["mail"])?);
        books.raise(&high, &["mail"])
    });
    assert!(!raised.await.unwrap(), "once");

    let next = |is_quiet| outbox.with(move |books| books.next_message("mail", is_quiet, at(2)));
    assert_eq!(next(true).await.unwrap().unwrap().0.id, "b");
    assert_eq!(next(false).await.unwrap().unwrap().0.id, "a");
}

#[test]
fn a_second_process_cannot_have_it() {
    let directory = tempfile::tempdir().unwrap();
    let _first = Outbox::open(directory.path()).unwrap();
    let second = Connection::open(directory.path().join("outbox.sqlite")).unwrap();
    second.busy_timeout(Duration::from_millis(10)).unwrap();

    assert!(second.query_row("SELECT count(*) FROM posts", [], |row| row.get::<_, i64>(0)).is_err());
}

#[tokio::test]
async fn a_copy_is_the_outbox_as_of_then_and_takes_the_place_of_the_one_before() {
    let directory = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(directory.path()).unwrap();
    let folder = directory.path().join("backup");
    compose(&outbox, 1).await;
    outbox.back_up(&folder).await.unwrap();
    compose(&outbox, 2).await;

    let bytes = outbox.back_up(&folder).await.unwrap();

    assert_eq!(std::fs::metadata(folder.join(FILE)).unwrap().len(), bytes);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "nothing else is left there");
    compose(&outbox, 3).await;
    let copy = Outbox::open(&folder).unwrap();
    assert_eq!(copy.with(|books| books.waiting(at(9))).await.unwrap().posts, 2);
}
