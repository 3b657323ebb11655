//! What the answer to a search leads to, and when there is another.

use goat::values::Seq;

use super::script::{Script, play};
use crate::core::Effect;
use crate::core::command::Order;
use crate::core::desk::Report;
use crate::core::features::FeatureId;
use crate::core::filters::automatic::{
    Consequence, FilterAnalysis, FilterAnswer, FilterQuestion, FiltersFound,
};
use crate::core::filters::{Contrast, Estimate, Judgement, Range, Suggestion};
use crate::core::play::Validator;
use crate::core::validator::Stages;

const LOOK_MILLIS: i64 = 5 * 60 * 1000;

fn learning() -> Script {
    let mut script = Script::with(crate::core::play::Play { auto_update: true, ..play() });
    script.price(0, 100.0);
    script
}

fn questions(script: &Script) -> Vec<FilterQuestion> {
    let question = |effect: &Effect| match effect {
        Effect::FiltersWanted(question) => Some((**question).clone()),
        _ => None,
    };
    script.effects().iter().filter_map(question).collect()
}

fn analysis(script: &Script) -> FilterAnalysis {
    let analysis = |effect: &Effect| match effect {
        Effect::Desk(Report::Analysis(analysis)) => Some((**analysis).clone()),
        _ => None,
    };
    script.effects().iter().rev().find_map(analysis).unwrap()
}

fn suggestion(judgement: Judgement, from: f64) -> Suggestion {
    let estimate = |mean: f64| Estimate { mean, low: Some(mean - 0.1), high: Some(mean + 0.1) };
    let judged = Contrast {
        count: 80,
        cycles: 40,
        against_count: 900,
        against_cycles: 60,
        gain: estimate(0.4),
        against: estimate(-0.2),
        difference: estimate(0.6),
    };
    let feature = FeatureId::all().find(|feature| feature.feature().is_per_minute()).unwrap();
    Suggestion {
        ranges: vec![Range { feature, minute: 1, from: Some(from), to: None }],
        tried: 9_000,
        learned: Some(judged),
        walk_forward: None,
        judged: Some(judged),
        judged_from: None,
        judgement,
    }
}

/// Answers the newest question, as if the last cycle were `until`.
fn answer(script: &mut Script, fresh_cycles: u32, until: u64, suggestion: Option<Suggestion>) {
    let question = questions(script).pop().unwrap();
    let found = FiltersFound {
        entries: 500,
        random_entries: 900,
        fresh_cycles,
        judged_until: Some(Seq::new(until)),
        suggestion,
    };
    let answer = FilterAnswer { play: question.play, asked_seq: question.asked_seq, found: Ok(found) };
    script.order(Order::FiltersFound(Box::new(answer)));
}

#[test]
fn a_play_that_allows_it_is_looked_at_every_five_minutes_and_no_other() {
    let mut script = learning();
    let asked = questions(&script);
    assert_eq!(asked.len(), 1, "what was never looked at is looked at at once");
    assert_eq!((asked[0].fresh_cycles_min, asked[0].judged_until), (30, None));
    script.price(2 * LOOK_MILLIS, 100.0);
    assert_eq!(questions(&script).len(), 1, "one at a time");
    answer(&mut script, 12, 300, None);
    assert_eq!(questions(&script).len(), 2);
    answer(&mut script, 12, 300, None);
    script.price(3 * LOOK_MILLIS - 1, 100.0);
    assert_eq!(questions(&script).len(), 2);
    script.price(3 * LOOK_MILLIS, 100.0);
    assert_eq!(questions(&script).len(), 3);

    let mut other = Script::with(play());
    other.price(0, 100.0);
    other.price(LOOK_MILLIS, 100.0);
    assert!(questions(&other).is_empty());
}

#[test]
fn what_clears_becomes_a_project_and_a_version_of_the_play() {
    let mut script = learning();
    script.price(LOOK_MILLIS, 100.0);
    answer(&mut script, 60, 700, Some(suggestion(Judgement::Clears, 0.5)));

    let analysis = self::analysis(&script);
    let applied = analysis.applied.unwrap();
    assert_eq!(
        (analysis.consequence, applied.project_version, applied.play_version),
        (Consequence::Applied, 1, 2)
    );
    let desk = script.engine.desk();
    let project = &desk.projects()["auto-play"];
    assert!(project.automatic && project.description.contains("out of sample"), "{project:?}");
    let play = desk.plays().iter().next().unwrap();
    assert_eq!(play.validator, Some(Validator::Projects(vec!["auto-play".to_owned()])));

    // The next judges on later cycles alone, and the same once more changes nothing.
    script.price(2 * LOOK_MILLIS, 100.0);
    script.price(3 * LOOK_MILLIS, 100.0);
    assert_eq!(questions(&script).pop().unwrap().judged_until, Some(Seq::new(700)));
    answer(&mut script, 31, 900, Some(suggestion(Judgement::Clears, 0.5)));
    let analysis = self::analysis(&script);
    assert_eq!((analysis.consequence, analysis.applied), (Consequence::Unchanged, None));
    assert_eq!(script.engine.desk().plays().iter().next().unwrap().version, 2);
}

#[test]
fn without_evidence_nothing_is_changed_and_only_a_verdict_uses_cycles_up() {
    let mut script = learning();
    script.price(LOOK_MILLIS, 100.0);
    answer(&mut script, 12, 300, None);
    let thin = analysis(&script);
    assert_eq!(thin.consequence, Consequence::NotSearched);
    assert!(thin.reason.starts_with("12 cycles") && thin.reason.contains("30 are needed"), "{}", thin.reason);

    script.price(3 * LOOK_MILLIS, 100.0);
    answer(&mut script, 33, 400, Some(suggestion(Judgement::TooFewCycles, 0.5)));
    assert_eq!(analysis(&script).consequence, Consequence::NotApplied);
    script.price(5 * LOOK_MILLIS, 100.0);
    let again = questions(&script).pop().unwrap();
    assert_eq!((again.judged_until, again.fresh_cycles_min), (None, 43));

    answer(&mut script, 50, 500, Some(suggestion(Judgement::NotClear, 0.5)));
    assert!(analysis(&script).reason.contains("lower bound"), "{}", analysis(&script).reason);
    script.price(7 * LOOK_MILLIS, 100.0);
    let again = questions(&script).pop().unwrap();
    assert_eq!((again.judged_until, again.fresh_cycles_min), (Some(Seq::new(500)), 30));
    assert!(script.engine.desk().projects().is_empty());
    assert_eq!(script.engine.desk().plays().iter().next().unwrap().version, 1);
}

#[test]
fn a_change_of_the_play_voids_the_question_and_one_of_its_exits_begins_anew() {
    let mut script = learning();
    script.price(1_000, 100.0);
    script.change_play(|play| play.name = "Other".into());
    answer(&mut script, 60, 700, Some(suggestion(Judgement::Clears, 0.5)));
    assert!(script.engine.desk().projects().is_empty(), "the answer is to no open question");
    script.price(2 * LOOK_MILLIS, 100.0);
    assert_eq!(questions(&script).pop().unwrap().version_min, 1, "the exits are those of the first version");

    script.change_exit(|rules| rules.maximum_hold_seconds = Some(77));
    script.price(4 * LOOK_MILLIS, 100.0);
    let anew = questions(&script).pop().unwrap();
    assert_eq!((anew.version_min, anew.judged_until), (3, None));
}

#[test]
fn stages_are_not_replaced() {
    let mut script = learning();
    script
        .change_play(|play| play.validator = Some(Validator::Stages(Box::new(Stages::original().unwrap()))));
    script.price(LOOK_MILLIS, 100.0);
    answer(&mut script, 60, 700, Some(suggestion(Judgement::Clears, 0.5)));
    let analysis = analysis(&script);
    assert_eq!(analysis.consequence, Consequence::NotApplied);
    assert!(analysis.reason.contains("stages"), "{}", analysis.reason);
}
