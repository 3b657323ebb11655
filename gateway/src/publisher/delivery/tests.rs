use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn at(seconds: i64) -> UnixMicros {
    UnixMicros::from_seconds(1_767_478_400 + seconds).unwrap()
}

fn delivery(parts: usize) -> Delivery {
    Delivery::new((1..=parts).map(|part| format!("part {part}")).collect())
}

#[test]
fn parts_follow_one_another_as_answers() {
    let mut delivery = delivery(2);
    assert_eq!(delivery.next(at(0)), Step::Send { part: 0, reply_to: None });

    delivery.begin(0, at(0));
    delivery.settle(0, Outcome::Accepted { id: "11".to_owned() }, at(1));

    assert_eq!(delivery.next(at(1)), Step::Send { part: 1, reply_to: Some("11".to_owned()) });
    delivery.begin(1, at(1));
    delivery.settle(1, Outcome::Accepted { id: "12".to_owned() }, at(2));
    assert_eq!(delivery.next(at(2)), Step::Ended);
}

#[test]
fn a_request_whose_answer_got_lost_is_looked_for_and_not_repeated() {
    let mut delivery = delivery(1);
    delivery.begin(0, at(0));
    delivery.settle(0, Outcome::Lost { reason: "no answer within 15 s".to_owned() }, at(15));

    assert_eq!(delivery.next(at(15)), Step::Wait(at(20)));
    assert_eq!(delivery.next(at(20)), Step::LookUp { part: 0 });
    delivery.settle(0, Outcome::NotFound, at(20));
    assert!(matches!(delivery.next(at(59)), Step::LookUp { .. }), "the timeline may lag");

    delivery.settle(0, Outcome::Found { id: "7".to_owned() }, at(59));
    assert_eq!(delivery.next(at(59)), Step::Ended);
}

#[test]
fn what_is_not_found_after_a_minute_is_sent_again() {
    let mut delivery = delivery(1);
    delivery.begin(0, at(0));
    delivery.settle(0, Outcome::Lost { reason: String::new() }, at(1));

    delivery.settle(0, Outcome::NotFound, at(61));

    assert_eq!(delivery.next(at(600)), Step::Send { part: 0, reply_to: None });
}

#[test]
fn a_crash_in_the_midst_of_a_request_is_a_lost_answer() {
    let mut delivery = delivery(1);
    delivery.begin(0, at(0));

    delivery.recover();

    assert_eq!(delivery.next(at(0)), Step::LookUp { part: 0 });
}

#[test]
fn a_rate_limit_is_waited_for_to_its_end() {
    let mut delivery = delivery(1);
    delivery.begin(0, at(0));
    delivery.settle(0, Outcome::Limited { until: at(900) }, at(0));

    assert_eq!(delivery.next(at(899)), Step::Wait(at(900)));
    assert_eq!(delivery.next(at(900)), Step::Send { part: 0, reply_to: None });
}

#[test]
fn a_refused_part_ends_its_thread_and_says_why() {
    let mut delivery = delivery(3);
    delivery.begin(0, at(0));
    delivery.settle(0, Outcome::Accepted { id: "1".to_owned() }, at(0));
    delivery.begin(1, at(0));
    delivery.settle(1, Outcome::Refused { reason: "403 not permitted".to_owned() }, at(0));

    assert_eq!(delivery.next(at(0)), Step::Ended);
    assert_eq!(delivery.trouble, "403 not permitted");
}

#[test]
fn a_duplicate_that_is_never_found_is_not_looked_for_for_ever() {
    let mut delivery = delivery(1);
    delivery.begin(0, at(0));
    delivery.settle(0, Outcome::Duplicate, at(0));
    let mut now = 0;
    while delivery.next(at(now)) != Step::Ended {
        now += 1000;
        assert!(now < 100_000);
        delivery.settle(0, Outcome::NotFound, at(now));
    }
    assert_eq!(delivery.parts[0].state, PartState::Sent { id: String::new() });
}

/// An account that accepts each text once, and the ways in which a request to it goes wrong.
#[derive(Default)]
struct Account {
    posted: Vec<String>,
    /// Since when a text is shown on the timeline.
    shown_from: BTreeMap<String, i64>,
}

#[derive(Debug, Clone, Copy)]
enum Fate {
    Good,
    Limited,
    Unreached,
    LostBefore,
    LostAfter,
    CrashBefore,
    CrashAfter,
}

fn fates() -> impl Strategy<Value = Vec<Fate>> {
    let fate = prop_oneof![
        Just(Fate::Good),
        Just(Fate::Limited),
        Just(Fate::Unreached),
        Just(Fate::LostBefore),
        Just(Fate::LostAfter),
        Just(Fate::CrashBefore),
        Just(Fate::CrashAfter),
    ];
    prop::collection::vec(fate, 0..40)
}

impl Account {
    fn post(&mut self, text: &str, now: i64, lag: i64) -> Outcome {
        if self.posted.iter().any(|posted| posted == text) {
            return Outcome::Duplicate;
        }
        self.posted.push(text.to_owned());
        self.shown_from.insert(text.to_owned(), now + lag);
        Outcome::Accepted { id: self.posted.len().to_string() }
    }

    fn look_up(&self, text: &str, now: i64) -> Outcome {
        match self.posted.iter().position(|posted| posted == text) {
            Some(place) if self.shown_from[text] <= now => Outcome::Found { id: (place + 1).to_string() },
            _ => Outcome::NotFound,
        }
    }
}

proptest! {
    /// Whatever goes wrong, and however far the timeline lags, each part is posted once, and they are in order.
    #[test]
    fn every_part_is_posted_once_and_in_order(fates in fates(), parts in 1_usize..5, lag in 0_i64..200) {
        let (mut account, mut delivery, mut now) = (Account::default(), delivery(parts), 0);
        let mut fates = fates.into_iter();
        let lost = || Outcome::Lost { reason: String::new() };
        for _ in 0..2000 {
            match delivery.next(at(now)) {
                Step::Ended => break,
                Step::Wait(until) => now = (until.get() - at(0).get()) / 1_000_000,
                Step::Send { part, .. } => {
                    delivery.begin(part, at(now));
                    let text = delivery.parts[part].text.clone();
                    match fates.next().unwrap_or(Fate::Good) {
                        Fate::Good => { let end = account.post(&text, now, lag); delivery.settle(part, end, at(now)); }
                        Fate::Limited => delivery.settle(part, Outcome::Limited { until: at(now + 900) }, at(now)),
                        Fate::Unreached => {
                            delivery.settle(part, Outcome::Unreached { reason: String::new() }, at(now));
                        }
                        Fate::LostBefore => delivery.settle(part, lost(), at(now)),
                        Fate::LostAfter => { account.post(&text, now, lag); delivery.settle(part, lost(), at(now)); }
                        Fate::CrashBefore => delivery.recover(),
                        Fate::CrashAfter => { account.post(&text, now, lag); delivery.recover(); }
                    }
                }
                Step::LookUp { part } => {
                    let found = account.look_up(&delivery.parts[part].text, now);
                    delivery.settle(part, found, at(now));
                    now += 1;
                }
            }
        }
        prop_assert_eq!(delivery.next(at(now)), Step::Ended);
        let expected: Vec<String> = delivery.parts.iter().map(|part| part.text.clone()).collect();
        prop_assert_eq!(account.posted, expected);
    }
}
