use std::cell::Cell;
use std::rc::Rc;
use std::task::Poll;

use futures_util::{FutureExt, stream};
use proptest::prelude::*;

use super::*;

/// What happens next.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// The log grows by one.
    Record,
    /// The shared stream tells one more, if there is one.
    Carry,
    /// The reader reads one more, if there is one.
    Read,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![4 => Just(Step::Record), 4 => Just(Step::Carry), 3 => Just(Step::Read)];
    prop::collection::vec(step, 0..400)
}

fn message(position: u64) -> Written {
    Written { position: Some(position), bytes: position.to_string().into() }
}

/// A log that streams of its own are read from, and how many messages of those were read.
#[derive(Debug, Clone, Default)]
struct Log {
    head: Rc<Cell<u64>>,
    own_reads: Rc<Cell<u64>>,
}

impl Log {
    fn after(&self, mut last: u64) -> impl Stream<Item = Told> + Unpin + use<> {
        let Self { head, own_reads } = self.clone();
        stream::poll_fn(move |_| {
            if last == head.get() {
                return Poll::Pending;
            }
            last += 1;
            own_reads.set(own_reads.get() + 1);
            Poll::Ready(Some(Ok(message(last))))
        })
    }
}

/// A log, its shared stream and one reader, moved step by step.
struct World {
    log: Log,
    told: broadcast::Sender<Told>,
    carried: u64,
    reader: std::pin::Pin<Box<dyn Stream<Item = Told>>>,
    read: Vec<u64>,
}

impl World {
    /// A reader that comes when `head` events are recorded and `carried` of them told, and that begins after
    /// `after`, or at the present.
    fn new(kept: usize, head: u64, carried: u64, after: Option<u64>) -> Self {
        let log = Log::default();
        log.head.set(head);
        let (told, receiver) = broadcast::channel(kept);
        let own = after.map(|after| log.after(after));
        let again = log.clone();
        let catch_up = move |last| std::future::ready(Ok(again.after(last)));
        let reader = Box::pin(follow(own, Shared::new(receiver), catch_up));
        Self { log, told, carried, reader, read: Vec::new() }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Record => self.log.head.set(self.log.head.get() + 1),
            Step::Carry if self.carried < self.log.head.get() => {
                self.carried += 1;
                self.told.send(Ok(message(self.carried))).unwrap();
            }
            Step::Read => {
                if let Some(told) = self.reader.next().now_or_never().flatten() {
                    self.read.push(told.unwrap().position.unwrap());
                }
            }
            Step::Carry => {}
        }
    }

    /// Until everything is told and read.
    fn settle(&mut self) {
        while self.carried < self.log.head.get() {
            self.take(Step::Carry);
        }
        loop {
            let before = self.read.len();
            self.take(Step::Read);
            if self.read.len() == before {
                return;
            }
        }
    }
}

proptest! {
    /// However it is interleaved, and however little is kept: no hole, no repetition, and in the end one stream.
    #[test]
    fn a_reader_misses_nothing_and_ends_up_sharing(
        kept in 1_usize..8,
        head in 0_u64..20,
        behind in 0_u64..20,
        after in prop::option::of(0_u64..20),
        steps in steps(),
    ) {
        let (carried, after) = (head.saturating_sub(behind), after.map(|after| after.min(head)));
        let mut world = World::new(kept, head, carried, after);
        for step in steps {
            world.take(step);
        }
        world.settle();
        for _ in 0..2 {
            world.take(Step::Record);
            world.settle();
        }
        let own_reads = world.log.own_reads.get();
        world.take(Step::Record);
        world.settle();

        let first = world.read[0];
        prop_assert_eq!(&world.read, &(first..=world.log.head.get()).collect::<Vec<_>>());
        prop_assert_eq!(after.map_or(first, |after| after + 1), first);
        prop_assert_eq!(world.log.own_reads.get(), own_reads, "it still reads a stream of its own");
    }
}

#[test]
fn an_error_of_the_shared_stream_is_the_last_that_is_told() {
    let mut world = World::new(4, 0, 0, None);
    world.take(Step::Record);
    world.settle();
    let broke = Problem::new(Code::Unavailable, "the feed broke");
    world.told.send(Err(broke.clone())).unwrap();

    assert_eq!(world.reader.next().now_or_never(), Some(Some(Err(broke))));
    assert_eq!(world.reader.next().now_or_never(), Some(None));
}

#[test]
fn who_reads_a_stream_of_its_own_goes_on_when_the_shared_one_ends() {
    let mut world = World::new(4, 3, 3, Some(0));
    world.told.send(Err(Problem::new(Code::Unavailable, "the feed broke"))).unwrap();
    for _ in 0..3 {
        world.take(Step::Read);
    }

    assert_eq!(world.read, [1, 2, 3]);
}

fn topic(request: &[u8]) -> Topic {
    Topic {
        path: PathAndQuery::from_static("/a.B/C"),
        request: request.to_vec(),
        shown: Shown::default(),
        form: Form::Events,
    }
}

type Messages = std::pin::Pin<Box<dyn Stream<Item = Told> + Send>>;

fn opens(messages: impl Stream<Item = Told> + Send + 'static) -> impl FnOnce() -> BoxedOpening<Messages> {
    move || async move { Ok(messages.boxed()) }.boxed()
}

/// For who shares what is open, or being opened, already.
fn opens_nothing() -> BoxedOpening<Messages> {
    panic!("it is shared")
}

#[tokio::test]
async fn who_asks_the_same_shares_one_stream_until_nobody_reads_it() {
    let fanout = Fanout::default();

    let (first, opened) = fanout.join(topic(b"SOL"), opens(stream::pending()));
    opened.done().await.unwrap();
    let (second, _) = fanout.join(topic(b"SOL"), opens_nothing);
    let (other, _) = fanout.join(topic(b"BTC"), opens(stream::pending()));
    drop((first, other));
    while fanout.lines().len() > 1 {
        tokio::task::yield_now().await;
    }

    assert!(fanout.lines().contains_key(&topic(b"SOL")));
    drop(second);
    while !fanout.lines().is_empty() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_stream_that_the_engine_does_not_open_is_refused_to_all_who_wait_and_asked_for_again_later() {
    let fanout = Fanout::default();
    let refusal = Problem::new(Code::InvalidArgument, "no such kind");
    let refused = refusal.clone();

    let (_shared, first) =
        fanout.join(topic(b"x"), || -> BoxedOpening<Messages> { async { Err(refused) }.boxed() });
    let (_shared, second) = fanout.join(topic(b"x"), opens_nothing);

    assert_eq!(first.done().await, Err(refusal.clone()));
    assert_eq!(second.done().await, Err(refusal));
    assert!(fanout.lines().is_empty());
}

#[tokio::test]
async fn all_are_told_the_same_bytes() {
    let fanout = Fanout::default();
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    let told = tokio_stream::wrappers::ReceiverStream::new(receiver).boxed();
    let (first, _) = fanout.join(topic(b"SOL"), || -> BoxedOpening<Messages> { async { Ok(told) }.boxed() });
    let (second, _) =
        fanout.join(topic(b"SOL"), || -> BoxedOpening<Messages> { panic!("it is open already") });
    let catch_up = |_| std::future::ready(Ok(stream::pending::<Told>()));
    let mut readers = [first, second].map(|shared| Box::pin(follow(None, shared, catch_up)));

    sender.send(Ok(message(7))).await.unwrap();
    let mut addresses = Vec::new();
    for reader in &mut readers {
        addresses.push(reader.next().await.unwrap().unwrap().bytes.as_ptr());
    }

    assert_eq!(addresses[0], addresses[1]);
}
