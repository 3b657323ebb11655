#![allow(clippy::float_cmp)]

use proptest::prelude::*;

use super::{
    Aggregation, Condition, ConditionFields, Filter, FilterFields, Invalid, NotComputable, Operator, Project,
    Stage, StageFields, Stages, validate,
};
use crate::core::features::{FeatureSet, find};

fn fields(feature: &str, from: Option<f64>, to: Option<f64>) -> FilterFields {
    FilterFields {
        feature: feature.to_owned(),
        minute: 0,
        from,
        to,
        include_null: false,
        exclude: false,
        active: true,
    }
}

fn filter(fields: FilterFields) -> Filter {
    Filter::try_from(fields).unwrap()
}

fn change(from: f64, to: f64) -> FilterFields {
    fields("pm_price_change_1m", Some(from), Some(to))
}

fn project(id: u64, filters: Vec<FilterFields>) -> Project {
    let filters = filters.into_iter().map(filter).collect();
    Project { id: id.to_string(), name: format!("project {id}"), filters }
}

fn changed(value: f64) -> FeatureSet {
    FeatureSet::of(&[("pm_price_change_1m", 0, value)])
}

fn passes(fields: FilterFields, features: &FeatureSet) -> bool {
    filter(fields).judge(features).passed
}

#[test]
fn bounds_are_inside_and_open_ones_are_open() {
    for (value, within) in [(0.9, false), (1.0, true), (2.0, true), (2.1, false)] {
        let features = changed(value);
        let excluding = FilterFields { exclude: true, ..change(1.0, 2.0) };
        assert_eq!(passes(change(1.0, 2.0), &features), within, "{value}");
        assert_eq!(passes(excluding, &features), !within, "{value}");
        assert_eq!(passes(fields("pm_price_change_1m", Some(1.0), None), &features), value >= 1.0);
        assert_eq!(passes(fields("pm_price_change_1m", None, Some(2.0)), &features), value <= 2.0);
    }
}

#[test]
fn a_missing_value_passes_only_where_that_is_said() {
    let nothing = FeatureSet::of(&[]);
    for exclude in [false, true] {
        let strict = FilterFields { exclude, ..change(1.0, 2.0) };
        let lenient = FilterFields { include_null: true, ..strict.clone() };
        assert!(!passes(strict, &nothing));
        assert!(passes(lenient, &nothing));
    }
}

#[test]
fn excluding_everything_leaves_only_what_is_missing() {
    let missing =
        FilterFields { exclude: true, include_null: true, ..fields("pm_price_change_1m", None, None) };

    assert!(passes(missing.clone(), &FeatureSet::of(&[])));
    assert!(!passes(missing, &changed(1.0)));
}

#[test]
fn a_filter_looks_at_its_own_minute() {
    let features = FeatureSet::of(&[("pm_price_change_1m", 0, 9.0), ("pm_price_change_1m", 3, 1.5)]);

    assert!(!passes(change(1.0, 2.0), &features));
    assert!(passes(FilterFields { minute: 3, ..change(1.0, 2.0) }, &features));
    assert!(passes(fields("sp_avg_price", Some(1.0), None), &FeatureSet::of(&[("sp_avg_price", 0, 1.0)])));
}

#[test]
fn all_filters_of_a_project_and_one_project() {
    let features = FeatureSet::of(&[("pm_price_change_1m", 0, 1.5), ("tx_trade_count", 0, 40.0)]);
    let both = project(1, vec![change(1.0, 2.0), fields("tx_trade_count", Some(50.0), None)]);
    let one = project(2, vec![change(1.0, 2.0)]);
    let other = project(3, vec![change(0.0, 2.0)]);

    let verdict = validate(&[both.clone(), one, other], &features);

    assert_eq!(verdict.first_passed.as_deref(), Some("2"));
    assert!(verdict.passed());
    let passed: Vec<bool> = verdict.projects.iter().map(|project| project.passed).collect();
    assert_eq!(passed, [false, true, true]);
    let failed = verdict.projects[0].first_failed().unwrap();
    assert_eq!((failed.feature, failed.value), (find("tx_trade_count").unwrap(), Some(40.0)));
    assert!(!validate(&[both], &features).passed());
}

#[test]
fn without_projects_or_active_filters_nothing_passes() {
    let features = changed(1.5);
    let inactive = FilterFields { active: false, ..change(1.0, 2.0) };

    assert!(!validate(&[], &features).passed());
    assert!(!validate(&[project(1, Vec::new())], &features).passed());
    assert!(!validate(&[project(1, vec![inactive.clone()])], &features).passed());
    let failing_but_inactive = FilterFields { active: false, ..change(5.0, 6.0) };
    assert!(validate(&[project(1, vec![change(1.0, 2.0), failing_but_inactive])], &features).passed());
}

#[test]
fn a_filter_that_cannot_be_meant_is_refused_with_the_name_and_the_number() {
    let refused = |fields: FilterFields| Filter::try_from(fields).unwrap_err().to_string();
    let cases = [
        (
            fields("pm_prise_change_1m", Some(1.0), None),
            "feature pm_prise_change_1m does not exist; near: pm_price_change_1m",
        ),
        (fields("the weather", Some(1.0), None), "feature the weather does not exist"),
        (
            FilterFields { minute: 15, ..change(1.0, 2.0) },
            "minute of pm_price_change_1m must be 0 to 14, got 15",
        ),
        (
            FilterFields { minute: 3, ..fields("sp_price_count", Some(1.0), None) },
            "minute of sp_price_count must be 0, because there is one value for all minutes; got 3",
        ),
        (change(2.0, 1.0), "from of pm_price_change_1m must not be above to, got 2 and 1"),
        (
            fields("pm_price_change_1m", None, None),
            "pm_price_change_1m needs from or to: without both every value passes",
        ),
        (
            fields("pm_price_change_1m", Some(f64::NAN), None),
            "from of pm_price_change_1m must be a finite number, got NaN",
        ),
    ];
    for (fields, message) in cases {
        let found = refused(fields);
        assert!(found.starts_with(message), "{found}");
    }
}

#[test]
fn a_verdict_can_be_read() {
    let rising = project(1, vec![change(1.0, 2.0), FilterFields { exclude: true, ..change(0.0, 1.6) }]);
    let priced = project(2, vec![fields("sp_avg_price", None, Some(9.0))]);
    let empty = project(3, Vec::new());

    let text = validate(&[rising, priced, empty], &changed(1.5)).to_string();

    let expected = "\
rejected by every project
project 1: failed
  pm_price_change_1m at minute 0 is 1.5 %, within 1 to 2, which is asked for: passed
  pm_price_change_1m at minute 0 is 1.5 %, within 0 to 1.6, which is excluded: failed
project 2: failed
  sp_avg_price has no value, which it must have: failed
project 3: failed: it has no active filter
";
    assert_eq!(text, expected);
    assert_eq!(validate(&[], &changed(1.5)).to_string(), "rejected: there is no project\n");
}

#[test]
fn what_is_read_back_is_checked_again() {
    let kept = project(7, vec![change(1.0, 2.0)]);
    let written = postcard::to_stdvec(&kept).unwrap();
    assert_eq!(postcard::from_bytes::<Project>(&written).unwrap(), kept);

    let reversed = postcard::to_stdvec(&change(2.0, 1.0)).unwrap();
    assert!(postcard::from_bytes::<Filter>(&reversed).is_err());
    let stages = Stages::original().unwrap();
    let written = postcard::to_stdvec(&stages).unwrap();
    assert_eq!(postcard::from_bytes::<Stages>(&written).unwrap(), stages);
}

fn condition(feature: &str, aggregation: Aggregation, operator: Operator) -> ConditionFields {
    ConditionFields { feature: feature.to_owned(), aggregation, operator }
}

fn stage(
    window_minutes: u8,
    end_minutes_before: u8,
    all: &[ConditionFields],
    any: &[ConditionFields],
) -> StageFields {
    StageFields { window_minutes, end_minutes_before, all: all.to_vec(), any: any.to_vec() }
}

/// Prices that close at 10, 20, 40, 80, the newest last.
fn closes() -> FeatureSet {
    FeatureSet::of(&[
        ("pm_close_price", 3, 10.0),
        ("pm_close_price", 2, 20.0),
        ("pm_close_price", 1, 40.0),
        ("pm_close_price", 0, 80.0),
        ("sp_avg_price", 0, 5.0),
    ])
}

/// What a window of the closes gives.
fn aggregated(aggregation: Aggregation, window: u8, end: u8) -> Result<f64, NotComputable> {
    let condition =
        Condition::try_from(condition("pm_close_price", aggregation, Operator::AtLeast(0.0))).unwrap();
    condition.judge(&closes(), end, end + window - 1).value
}

#[test]
fn minutes_are_taken_in_the_order_of_time() {
    let expected = [
        (Aggregation::Last, 80.0),
        (Aggregation::Avg, 37.5),
        (Aggregation::Min, 10.0),
        (Aggregation::Max, 80.0),
        (Aggregation::Sum, 150.0),
        (Aggregation::Diff, 70.0),
        // (−1.5·10 − 0.5·20 + 0.5·40 + 1.5·80) / 5
        (Aggregation::Slope, 23.0),
        (Aggregation::Stdev, (2875.0_f64 / 3.0).sqrt()),
    ];
    assert_eq!(expected.map(|(aggregation, _)| aggregation), Aggregation::ALL);
    for (aggregation, expected) in expected {
        let found = aggregated(aggregation, 4, 0).unwrap();
        assert!((found - expected).abs() < 1e-9, "{aggregation:?}: {found}, expected {expected}");
    }
    assert_eq!(aggregated(Aggregation::Last, 2, 2), Ok(20.0));
    assert_eq!(aggregated(Aggregation::Diff, 2, 2), Ok(10.0));
}

#[test]
fn a_window_with_a_hole_is_not_judged() {
    for aggregation in Aggregation::ALL {
        assert_eq!(aggregated(aggregation, 5, 0), Err(NotComputable::Missing(4)));
    }
    let never = condition("pm_close_price", Aggregation::Last, Operator::NotEqual(0.0));
    let outcome = Condition::try_from(never).unwrap().judge(&FeatureSet::of(&[]), 2, 2);
    assert!(!outcome.passed);
    assert_eq!(
        outcome.to_string(),
        "last of pm_close_price cannot be computed: there is no value at minute 2: failed"
    );
}

#[test]
fn operators_do_what_they_say() {
    let cases = [
        (Operator::AtLeast(80.0), true),
        (Operator::AtLeast(80.1), false),
        (Operator::AtMost(80.0), true),
        (Operator::AtMost(79.9), false),
        (Operator::Equal(80.0), true),
        (Operator::Equal(79.0), false),
        (Operator::NotEqual(80.0), false),
        (Operator::NotEqual(79.0), true),
        (Operator::Above(80.0), false),
        (Operator::Above(79.9), true),
        (Operator::Below(80.0), false),
        (Operator::Below(80.1), true),
        (Operator::Between(80.0, 90.0), true),
        (Operator::Between(81.0, 90.0), false),
    ];
    for (operator, holds) in cases {
        let last = condition("pm_close_price", Aggregation::Last, operator);
        let outcome = Condition::try_from(last).unwrap().judge(&closes(), 0, 3);
        assert_eq!(outcome.passed, holds, "{operator}");
    }
}

#[test]
fn a_stage_needs_all_of_all_and_one_of_any() {
    let yes = condition("pm_close_price", Aggregation::Last, Operator::Above(0.0));
    let no = condition("pm_close_price", Aggregation::Last, Operator::Below(0.0));
    let once = condition("sp_avg_price", Aggregation::Last, Operator::Equal(5.0));
    let (yes, no) = (std::slice::from_ref(&yes), std::slice::from_ref(&no));
    let passed = |setup: StageFields| {
        let always = Stage::try_from(stage(1, 0, yes, &[])).unwrap();
        let setup = Stage::try_from(setup).unwrap();
        let stages = Stages { setup, trigger: always.clone(), confirm: always };
        stages.judge(&closes()).passed
    };

    assert!(passed(stage(4, 0, &[yes[0].clone(), once.clone()], &[])));
    assert!(!passed(stage(4, 0, &[yes[0].clone(), no[0].clone()], &[])));
    assert!(passed(stage(4, 0, &[], &[no[0].clone(), yes[0].clone()])));
    assert!(!passed(stage(4, 0, yes, no)));
    assert!(!passed(stage(4, 0, &[], no)));
    assert!(passed(stage(1, 3, std::slice::from_ref(&once), yes)));
}

#[test]
fn a_stage_that_cannot_be_judged_is_refused() {
    let last = condition("pm_close_price", Aggregation::Last, Operator::Above(0.0));
    let diff = condition("pm_close_price", Aggregation::Diff, Operator::Above(0.0));
    let once = condition("sp_avg_price", Aggregation::Avg, Operator::Above(0.0));
    let reversed = condition("pm_close_price", Aggregation::Last, Operator::Between(2.0, 1.0));
    let unknown = condition("net_flow_5", Aggregation::Last, Operator::Above(0.0));
    let refused = |fields: StageFields| Stage::try_from(fields).unwrap_err();

    assert_eq!(refused(stage(3, 0, &[], &[])), Invalid::NoConditions);
    for (window, end) in [(0, 0), (15, 1), (1, 15), (255, 255)] {
        let found = refused(stage(window, end, std::slice::from_ref(&last), &[]));
        assert_eq!(found, Invalid::Window { window_minutes: window, end_minutes_before: end });
    }
    assert!(matches!(refused(stage(1, 0, &[diff], &[])), Invalid::WindowTooShort { .. }));
    assert!(matches!(refused(stage(3, 0, &[once], &[])), Invalid::AggregationOfOnce { .. }));
    assert!(matches!(refused(stage(3, 0, &[], &[reversed])), Invalid::BoundsReversed { .. }));
    let unknown = refused(stage(3, 0, &[unknown], &[])).to_string();
    assert_eq!(unknown, "feature net_flow_5 does not exist; near: ob_net_flow_5m, ob_net_flow_1m");
}

/// A market in which every one of the original stages is met, but for what is left out.
fn promising(without: Option<(&str, u8)>) -> FeatureSet {
    let mut values = Vec::new();
    for minute in 0..15 {
        values.extend([
            ("tx_buy_trade_pct", minute, 60.0),
            ("tx_whale_volume_pct", minute, 45.0),
            ("pm_price_vs_ma5_pct", minute, 0.1),
            ("ob_net_flow_1m", minute, 100.0 - 200.0 * f64::from(minute)),
            ("tx_buy_sell_pressure", minute, 0.22),
            ("ob_aggression_ratio", minute, 1.0),
            ("pm_close_price", minute, 120.0 - f64::from(minute) * 0.03),
        ]);
    }
    values.retain(|&(name, minute, _)| Some((name, minute)) != without);
    FeatureSet::of(&values)
}

#[test]
fn the_original_stages_can_say_yes() {
    let stages = Stages::original().unwrap();

    let verdict = stages.judge(&promising(None));

    assert!(verdict.passed, "{verdict}");
    for missing in [("pm_price_vs_ma5_pct", 9), ("ob_net_flow_1m", 3), ("pm_close_price", 2)] {
        let verdict = stages.judge(&promising(Some(missing)));
        assert!(!verdict.passed, "without {missing:?}: {verdict}");
    }
    // Older than any window.
    assert!(stages.judge(&promising(Some(("pm_price_vs_ma5_pct", 10)))).passed);
}

proptest! {
    /// A filter and its exclusion never agree on a value that is there.
    #[test]
    fn excluding_turns_a_filter_around(value in -3.0_f64..3.0, one in -3.0_f64..3.0, other in -3.0_f64..3.0) {
        let bounds = change(one.min(other), one.max(other));
        let features = changed(value);

        let within = passes(bounds.clone(), &features);
        let outside = passes(FilterFields { exclude: true, ..bounds }, &features);

        prop_assert_eq!(within, one.min(other) <= value && value <= one.max(other));
        prop_assert_ne!(within, outside);
    }
}
