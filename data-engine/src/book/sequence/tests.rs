use proptest::prelude::*;

use super::*;

fn delta(first: u64, last: u64) -> Numbers {
    Numbers { is_snapshot: false, first, last, cross_sequence: 0 }
}

fn snapshot(last: u64) -> Numbers {
    Numbers { is_snapshot: true, first: last, last, cross_sequence: 0 }
}

fn crossing(numbers: Numbers, cross_sequence: u64) -> Numbers {
    Numbers { cross_sequence, ..numbers }
}

fn verdicts<J: Judge>(messages: &[Numbers]) -> Vec<Verdict> {
    let mut judge = J::default();
    messages.iter().map(|numbers| judge.judge(*numbers)).collect()
}

const APPLY: Verdict = Verdict::Apply;
const DUPLICATE: Verdict = Verdict::Duplicate;
const NEEDS: Verdict = Verdict::NeedsSnapshot;

#[test]
fn binance_rule_by_rule() {
    let table: &[(&str, &[Numbers], &[Verdict])] = &[
        ("before a snapshot there is nothing to change", &[delta(1, 5)], &[NEEDS]),
        (
            "what the snapshot holds is dropped, the event around its id is the first",
            &[snapshot(160), delta(150, 156), delta(157, 160), delta(158, 165), delta(166, 170)],
            &[APPLY, DUPLICATE, DUPLICATE, APPLY, APPLY],
        ),
        (
            "an event that begins right behind the snapshot is the first too",
            &[snapshot(160), delta(161, 165)],
            &[APPLY, APPLY],
        ),
        (
            "a first event behind a hole is a gap",
            &[snapshot(160), delta(162, 165)],
            &[APPLY, Verdict::Gap { from: 161, to: 161 }],
        ),
        (
            "a gap stays until a snapshot comes",
            &[snapshot(10), delta(14, 15), delta(16, 17), snapshot(20), delta(16, 17), delta(18, 21)],
            &[
                APPLY,
                Verdict::Gap { from: 11, to: 13 },
                Verdict::Gap { from: 11, to: 15 },
                APPLY,
                DUPLICATE,
                APPLY,
            ],
        ),
        (
            "an event that comes again is ignored",
            &[snapshot(10), delta(11, 12), delta(11, 12)],
            &[APPLY, APPLY, DUPLICATE],
        ),
    ];
    for (rule, messages, expected) in table {
        assert_eq!(verdicts::<BinanceJudge>(messages), *expected, "{rule}");
    }
}

#[test]
fn a_binance_snapshot_from_before_the_first_event_is_fetched_again() {
    assert!(BinanceJudge::is_too_old(snapshot(156), delta(157, 160)));
    assert!(!BinanceJudge::is_too_old(snapshot(157), delta(157, 160)));
}

#[test]
fn bybit_rule_by_rule() {
    let table: &[(&str, &[Numbers], &[Verdict])] = &[
        ("deltas before the snapshot change nothing", &[delta(5, 5), snapshot(6)], &[NEEDS, APPLY]),
        (
            "deltas follow one by one",
            &[snapshot(6), delta(7, 7), delta(8, 8), delta(8, 8)],
            &[APPLY, APPLY, APPLY, DUPLICATE],
        ),
        (
            "a number that is left out is a gap until a snapshot comes",
            &[snapshot(6), delta(9, 9), delta(10, 10), snapshot(11), delta(12, 12)],
            &[APPLY, Verdict::Gap { from: 7, to: 8 }, Verdict::Gap { from: 7, to: 9 }, APPLY, APPLY],
        ),
        (
            "a snapshot resets whatever its number",
            &[snapshot(100), snapshot(40), delta(41, 41)],
            &[APPLY, APPLY, APPLY],
        ),
        (
            "number one overwrites, also when it calls itself a delta",
            &[snapshot(100), delta(1, 1), delta(2, 2)],
            &[APPLY, APPLY, APPLY],
        ),
        (
            "a snapshot with a lower cross sequence is an old one",
            &[crossing(snapshot(100), 50), crossing(delta(101, 101), 60), crossing(snapshot(100), 50)],
            &[APPLY, APPLY, DUPLICATE],
        ),
    ];
    for (rule, messages, expected) in table {
        assert_eq!(verdicts::<BybitJudge>(messages), *expected, "{rule}");
    }
}

proptest! {
    /// However events are repeated, reordered or lost, the applied ones cover every number once, in order.
    #[test]
    fn applied_events_form_one_unbroken_run(events in prop::collection::vec((1_u64..60, 0_u64..4), 0..200)) {
        let mut judge = BinanceJudge::default();
        judge.judge(snapshot(0));
        let mut covered = 0;
        for (first, more) in events {
            let numbers = delta(first, first + more);
            if judge.judge(numbers) == APPLY {
                prop_assert!(numbers.first <= covered + 1 && numbers.last > covered);
                covered = numbers.last;
            }
        }
    }
}
