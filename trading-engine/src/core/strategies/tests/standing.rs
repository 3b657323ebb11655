//! What an instance says of itself between two candles.

use super::script::{INTERVAL, SECOND, START, Script, time};
use crate::core::strategies::{Report, Standing};

fn standing(script: &Script, micros: i64, may_enter: bool) -> (Standing, String) {
    let (standing, why) = script.strategies.instances()[0].standing(time(micros), may_enter);
    (standing, why.into_owned())
}

#[test]
fn why_nothing_is_entered_is_the_first_thing_in_the_way() {
    let mut script = Script::new("ma_rsi");
    assert_eq!(standing(&script, START, true), (Standing::Idle, "no candle has come yet".into()));
    script.flat(0, 100.0);
    let soon = START + INTERVAL + SECOND;
    assert_eq!(standing(&script, soon, true), (Standing::Idle, "1 of 26 candles are there".into()));
    assert_eq!(standing(&script, soon, false), (Standing::Idle, "trading is paused by the operator".into()));
    let (idle, why) = standing(&script, START + 4 * INTERVAL, true);
    assert!(idle == Standing::Idle && why.starts_with("no candle has come since"), "{why}");
    script.flat(2, 100.0);
    let (idle, why) = standing(&script, soon, true);
    assert!(idle == Standing::Idle && why.ends_with("is missing"), "{why}");

    let mut script = Script::new("ma_rsi");
    (0..26).for_each(|number| script.flat(number, 100.0));
    let (watching, why) = standing(&script, START + 26 * INTERVAL + SECOND, true);
    assert_eq!((watching, why.as_str()), (Standing::Watching, "SMA 7 is not above SMA 25"));
    let ordered = standing(&Script::crossed(), START + 26 * INTERVAL + SECOND, true).0;
    let holding = standing(&Script::long(), START + 26 * INTERVAL + SECOND, true).0;
    assert_eq!((ordered, holding), (Standing::Ordered, Standing::Holding));
}

#[test]
fn a_pause_is_ended_by_hand_and_what_led_to_it_is_forgotten() {
    let mut script = Script::three_losses();
    let name = script.strategies.instances()[0].id().to_owned();
    let now = START + 32 * INTERVAL;
    let (idle, why) = standing(&script, now, true);
    assert!(idle == Standing::Idle && why.ends_with("losses in a row"), "{why}");

    let mut reports = Vec::new();
    script.strategies.resume("nobody", &mut reports);
    assert!(reports.is_empty());
    script.strategies.resume(&name, &mut reports);
    assert!(matches!(reports.as_slice(), [Report::State(_)]));
    assert!(script.strategies.instances()[0].pauses().present().is_none());
    reports.clear();
    script.strategies.resume(&name, &mut reports);
    assert!(reports.is_empty(), "there is nothing to end");
}
