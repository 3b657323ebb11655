use proptest::prelude::*;

use super::super::templates::tests::facts as generated;
use super::*;

fn at(seconds: i64) -> UnixMicros {
    UnixMicros::from_seconds(1_767_478_400 + seconds).unwrap()
}

fn desk(posts: Posts) -> Desk {
    Desk::new(Turn::default(), posts, Lessons::built_in().unwrap())
}

fn tick(waiting: u32) -> Event<'static> {
    Event::Tick { facts: None, waiting, sent_within_day: 0 }
}

#[test]
fn between_two_posts_lie_three_to_ten_minutes() {
    let mut desk = desk(Posts::default());
    let mut seen = Vec::new();
    let mut now = 0;
    for _ in 0..50 {
        assert!(!desk.handle(&tick(0), at(now)).is_empty());
        desk.handle(&Event::Ended, at(now));
        let next = (desk.next_slot_at().unwrap().get() - at(now).get()) / 1_000_000;
        assert!(desk.handle(&tick(3), at(now + next - 1)).is_empty(), "too early");
        seen.push(next);
        now += next;
    }
    assert!(seen.iter().all(|seconds| (180..=600).contains(seconds)), "{seen:?}");
    seen.sort_unstable();
    seen.dedup();
    assert!(seen.len() > 30, "they are always the same: {seen:?}");
}

#[test]
fn what_waits_goes_before_anything_is_composed() {
    let mut desk = desk(Posts::default());

    assert_eq!(desk.handle(&tick(2), at(0)), [Effect::Send]);
    assert_eq!(desk.handle(&tick(2), at(1)), [Effect::Send], "until it is at its end");
    assert_eq!(desk.handle(&tick(0), at(2)), [Effect::Send], "one slot, one post");
}

#[test]
fn quiet_hours_and_the_bound_of_a_day_hold_posts_back() {
    let posts: Posts = serde_json::from_value(serde_json::json!({"quiet_hours": "22-7"})).unwrap();
    let mut desk = desk(posts);
    let night = UnixMicros::parse("2026-01-03T23:00:00Z").unwrap();
    let morning = UnixMicros::parse("2026-01-04T07:00:00Z").unwrap();

    assert!(desk.handle(&tick(1), night).is_empty());
    let full = Event::Tick { facts: None, waiting: 1, sent_within_day: 500 };
    assert!(desk.handle(&full, morning).is_empty());
    assert_eq!(desk.handle(&tick(1), morning), [Effect::Send]);
}

#[test]
fn a_turn_that_is_kept_goes_on_where_it_was() {
    let mut whole = desk(Posts::default());
    let mut resumed = desk(Posts::default());
    for slot in 0..20 {
        let now = at(slot * 700);
        let expected = whole.handle(&tick(0), now);
        whole.handle(&Event::Ended, now);
        let kept = serde_json::to_string(&resumed.turn).unwrap();
        resumed =
            Desk::new(serde_json::from_str(&kept).unwrap(), Posts::default(), Lessons::built_in().unwrap());
        assert_eq!(resumed.handle(&tick(0), now), expected);
        resumed.handle(&Event::Ended, now);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Every eighth slot is a report of the trading whenever there is anything to report, and no other is one.
    #[test]
    fn every_eighth_slot_is_a_report(facts in generated()) {
        let mut desk = desk(Posts::default());
        let reports = [
            PostKind::Comparison,
            PostKind::Exchanges,
            PostKind::OpenPosition,
            PostKind::BuyAndHold,
            PostKind::Daily,
            PostKind::Weekly,
        ];
        let is_any = reports.iter().any(|kind| compose(*kind, &facts, "x").is_some());
        let mut ids = std::collections::BTreeSet::new();
        for slot in 1..=64_u32 {
            let now = at(i64::from(slot) * 700);
            let event = Event::Tick { facts: Some(&facts), waiting: 0, sent_within_day: 0 };
            let effects = desk.handle(&event, now);
            let Some(Effect::Compose(draft)) = effects.first() else { return Err(TestCaseError::fail("nothing")) };
            prop_assert!(ids.insert(draft.id.clone()), "twice: {:?}", draft.id);
            if slot % 8 != 0 {
                prop_assert!(!reports.contains(&draft.kind));
            }
            // Reports of a day and a week may be all there are, and are told once.
            let lasting = [PostKind::Comparison, PostKind::Exchanges, PostKind::OpenPosition, PostKind::BuyAndHold];
            if slot % 8 == 0 && lasting.iter().any(|kind| compose(*kind, &facts, "x").is_some()) {
                prop_assert!(is_any && reports.contains(&draft.kind), "{:?}", draft.kind);
            }
            desk.handle(&Event::Ended, now);
        }
    }
}
