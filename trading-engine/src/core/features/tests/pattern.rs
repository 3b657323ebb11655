//! Drawn patterns are found, with their numbers; others are not.

use super::is_close;
use crate::core::features::patterns::{Patterns, Sought};
use crate::core::features::swings::Swings;

/// Straight lines from corner to corner, each of `leg` points.
fn path(corners: &[f64], leg: usize) -> Vec<f64> {
    let mut points = vec![corners[0]];
    for pair in corners.windows(2) {
        let step = (pair[1] - pair[0]) / leg as f64;
        points.extend(
            (1..=leg).map(|point| if point == leg { pair[1] } else { pair[0] + step * point as f64 }),
        );
    }
    points
}

fn assert_close(found: f64, expected: f64) {
    assert!(is_close(found, expected), "{found}, expected {expected}");
}

#[test]
fn too_few_points_show_nothing_and_a_flat_line_shows_that_nothing_is_there() {
    let few = Patterns::of(&[100.0; 29]);
    let flat = Patterns::of(&[100.0; 59]);
    let long = Patterns::of(&[100.0; 60]);

    assert_eq!((few.detected(), few.breakout_score()), (None, None));
    assert_eq!((flat.detected(), flat.breakout_score()), (Some(0.0), None));
    assert_eq!(
        (flat.bull_flag, flat.cup_handle, flat.falling_wedge),
        (Sought::TooFewPoints, Sought::TooFewPoints, Sought::Absent)
    );
    assert_eq!((long.bull_flag, long.cup_handle), (Sought::Absent, Sought::Absent));
}

#[test]
fn equal_neighbours_are_one_turning_point() {
    let mut points = path(&[100.0, 101.0], 20);
    points.extend([101.0; 5]);
    points.extend(path(&[101.0, 100.0, 101.0], 20));

    let swings = Swings::of(&points);

    let found = |swings: &[super::super::swings::Swing]| -> Vec<_> {
        swings.iter().map(|swing| (swing.at, swing.price)).collect()
    };
    assert_eq!(found(&swings.highs), [(20, 101.0)]);
    assert_eq!(found(&swings.lows), [(46, 100.0)]);
}

#[test]
fn an_ascending_triangle() {
    let points = path(&[100.0, 101.0, 99.0, 101.0, 99.5, 101.0, 100.0, 101.0], 20);

    let found = Patterns::of(&points);

    let triangle = found.ascending_triangle.found().unwrap();
    assert_eq!((triangle.resistance_level, triangle.support_level), (101.0, 99.5));
    assert_close(triangle.compression_ratio, 0.75);
    assert_close(triangle.confidence, 0.4 + 0.35 + 0.25 * 0.25);
    assert_eq!(found.swings.unwrap().sign(), 1.0);
}

#[test]
fn a_falling_wedge() {
    let points = path(&[100.5, 101.0, 100.0, 100.5, 99.8, 100.0, 99.6, 99.8], 20);

    let found = Patterns::of(&points);

    let wedge = found.falling_wedge.found().unwrap();
    assert_close(wedge.contraction, 0.4);
    assert_close(wedge.confidence, 0.4 * 0.6 + 0.35 * 0.6 + 0.25);
    assert_eq!(found.swings.unwrap().sign(), -1.0);
    assert_eq!(found.ascending_triangle, Sought::Absent);
}

#[test]
fn a_bull_flag() {
    let mut points = path(&[100.0, 101.0], 39);
    points.extend(path(&[101.0, 100.7], 59));
    let mut deep = path(&[100.0, 101.0], 39);
    deep.extend(path(&[101.0, 100.4], 59));
    let fallen: Vec<f64> = points.iter().rev().copied().collect();

    let flag = Patterns::of(&points).bull_flag.found().unwrap();

    let slope_percent = 0.3 / 59.0 / 100.85 * 100.0;
    assert_close(flag.pole_height_percent, 1.0);
    assert_close(flag.retracement_percent, 30.0);
    assert_close(flag.confidence, 0.4 + 0.35 * 0.7 + 0.25 * (1.0 - slope_percent / 0.1));
    assert_eq!(Patterns::of(&deep).bull_flag, Sought::Absent);
    assert_eq!(Patterns::of(&fallen).bull_flag, Sought::Absent);
}

#[test]
fn a_bull_pennant() {
    let mut points = path(&[100.0, 101.0], 69);
    points.extend(&path(&[101.0, 101.3, 100.8, 101.2, 100.9, 101.1, 101.0], 20)[1..]);
    points.extend([101.0; 10]);

    let pennant = Patterns::of(&points).bull_pennant.found().unwrap();

    let steps_percent = 0.1 / 101.2 * 100.0 + 0.1 / 100.9 * 100.0;
    // Of the second half's line down from 101.2 five points in twenty are gone, and one more.
    let compression = (101.2 - 0.3 * 6.0 / 20.0 - 100.9) / 0.5;
    assert_close(pennant.compression_ratio, compression);
    assert_close(pennant.confidence, 0.35 + 0.35 * steps_percent / 0.5 + 0.3 * (1.0 - compression));
}

#[test]
fn a_cup_with_its_handle() {
    let mut points = path(&[101.0, 100.4, 100.0, 100.4, 101.0], 22);
    points.truncate(90);
    points.push(101.0);
    points.extend(path(&[101.0, 100.8, 100.9], 14));
    let mut broken = points.clone();
    broken.truncate(100);
    broken.extend([100.2; 20]);

    let cup = Patterns::of(&points).cup_handle.found().unwrap();

    assert_eq!(points.len(), 119);
    assert_close(cup.depth_percent, 1.0 / 101.0 * 100.0);
    assert_close(cup.confidence, 0.4 / 1.01 + 0.35 * 0.8 + 0.25);
    assert_eq!(Patterns::of(&broken).cup_handle, Sought::Absent);
}

#[test]
fn an_inverse_head_with_its_shoulders() {
    let points = path(&[100.0, 99.5, 100.4, 99.0, 100.5, 99.6, 100.0], 20);
    let level = path(&[100.0, 99.5, 100.4, 99.5, 100.5, 99.6, 100.0], 20);

    let found = Patterns::of(&points).inverse_head_shoulders.found().unwrap();

    let shoulders_apart = (1.0 - 99.5 / 99.6) * 100.0;
    let peaks_apart = (1.0 - 100.4 / 100.5) * 100.0;
    assert_close(found.neckline, 100.45);
    assert_close(
        found.confidence,
        0.4 + 0.35 * (1.0 - shoulders_apart / 0.15) + 0.25 * (1.0 - peaks_apart / 0.15),
    );
    assert_eq!(Patterns::of(&level).inverse_head_shoulders, Sought::Absent);
}

#[test]
fn the_score_weighs_what_is_there() {
    let triangle = path(&[100.0, 101.0, 99.0, 101.0, 99.5, 101.0, 100.0, 101.0], 20);
    let found = Patterns::of(&triangle);

    let confidences = [
        (found.ascending_triangle.found().map(|found| found.confidence), 0.20),
        (found.bull_flag.found().map(|found| found.confidence), 0.20),
        (found.bull_pennant.found().map(|found| found.confidence), 0.18),
        (found.falling_wedge.found().map(|found| found.confidence), 0.15),
        (found.cup_handle.found().map(|found| found.confidence), 0.15),
        (found.inverse_head_shoulders.found().map(|found| found.confidence), 0.12),
    ];
    let there: Vec<(f64, f64)> =
        confidences.into_iter().filter_map(|(confidence, weight)| Some((confidence?, weight))).collect();
    let weighted: f64 = there.iter().map(|(confidence, weight)| confidence * weight).sum();
    let weights: f64 = there.iter().map(|(_, weight)| weight).sum();
    assert_eq!(found.detected(), Some(there.len() as f64));
    assert_close(found.breakout_score().unwrap(), weighted / weights);
}
