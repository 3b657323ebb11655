use super::*;
use crate::ingest::{Receipt, SUBMISSION_MAX};

const SEED: u64 = 7;
const HOUR: Duration = Duration::from_hours(1);

fn start() -> UnixMicros {
    UnixMicros::from_seconds(1_767_478_400).unwrap()
}

/// The first two minutes of the world.
fn told() -> Vec<Observation> {
    let (mut world, mut observations) = (World::new(SEED, start()), Vec::new());
    for _ in 0..120 {
        world.step(&mut observations).unwrap();
    }
    observations
}

const RECORDED: u64 = 1_000;

fn resume() -> Resume {
    Resume { first_event_time: start(), last_source_position: RECORDED }
}

#[test]
fn the_first_start_begins_with_the_history() {
    let (world, rest, gaps) = begin(SEED, None, start().plus(HOUR), HOUR).unwrap();
    assert_eq!((world.next_second(), rest.len(), gaps.len()), (start(), 0, 0));
}

#[test]
fn a_restart_continues_after_the_last_recorded_observation() {
    let told = told();
    let now = start().plus(Duration::from_mins(10));

    let (mut world, mut rest, gaps) = begin(SEED, Some(resume()), now, HOUR).unwrap();

    while rest.len() < 2_000 {
        world.step(&mut rest).unwrap();
    }
    assert!(gaps.is_empty());
    assert_eq!(rest[..2_000], told[1_000..3_000]);
}

#[test]
fn a_restart_after_too_long_leaves_a_gap_for_every_feed() {
    let stopped_at = told()[1_000].received_time;
    let now = start().plus(HOUR * 5);

    let (world, rest, gaps) = begin(SEED, Some(resume()), now, HOUR).unwrap();

    assert_eq!((world.next_second(), rest.len(), gaps.len()), (start().plus(HOUR * 4), 0, 5));
    let Payload::Feed(gap) = &gaps[0].payload else { panic!("{gaps:?}") };
    assert_eq!((gap.from, gap.to), (Some(stopped_at), Some(world.next_second())));
    assert!(world.position() > RECORDED);
}

#[test]
fn simulated_time_passes_at_its_speed() {
    let pace = Pace { world: start(), wall: start(), speed: 10 };
    assert_eq!(pace.due(start().plus(Duration::from_mins(1))), start().plus(Duration::from_secs(6)));
    assert_eq!(pace.due(start().minus(HOUR)), start());
}

#[tokio::test]
async fn the_present_is_told_when_it_is_there_and_not_before() {
    let (ingest, mut submissions) = Ingest::new();
    let stop = Stop::new();
    let stopper = stop.clone();
    let collecting = tokio::spawn(async move {
        let mut all: Vec<Observation> = Vec::new();
        while let Some(submission) = submissions.recv().await {
            assert!(submission.observations.len() <= SUBMISSION_MAX);
            let now = UnixMicros::now();
            assert!(submission.observations.iter().all(|observation| observation.received_time <= now));
            all.extend(submission.observations);
            submission.outcome.send(Ok(Receipt::default())).unwrap();
        }
        all
    });
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        stopper.cancel();
    });
    let settings = Simulated { seed: SEED, history_hours: 0, speed: 1 };

    run(&settings, None, ingest, Board::default(), stop).await.unwrap();

    let all = collecting.await.unwrap();
    let positions: Vec<u64> = all.iter().map(|observation| observation.source_position).collect();
    assert_eq!(positions, (1..=u64::try_from(all.len()).unwrap()).collect::<Vec<_>>());
    assert!(all.len() > 80, "{}", all.len());
}
