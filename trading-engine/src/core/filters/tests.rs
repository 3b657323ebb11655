#![allow(clippy::print_stdout)]

use goat::values::{Seq, UnixMicros};

use super::{Contrast, Judgement, Parameters, Sample, Suggestion, search};
use crate::core::features::FeatureId;

/// A generator with a seed: the same numbers in every run.
struct Numbers(u64);

impl Numbers {
    /// Within 0 and 1.
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        #[allow(clippy::cast_precision_loss)]
        let uniform = (self.0 >> 11) as f64 / (1_u64 << 53) as f64;
        uniform
    }

    /// About normal: mean 0, standard deviation 1.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

const COLUMNS: usize = 12;

fn columns() -> Vec<(FeatureId, u8)> {
    FeatureId::all()
        .filter(|feature| feature.feature().is_per_minute())
        .map(|one| (one, 3))
        .take(COLUMNS)
        .collect()
}

/// Entries of `cycles` cycles, ten in each; a gain is the cycle's own, the entry's own, and what `edge` makes of the
/// values.
fn market(
    seed: u64,
    cycles: u64,
    edge: impl Fn(&mut [Option<f32>], f64) -> f64,
) -> (Vec<Sample>, Vec<Sample>) {
    let mut numbers = Numbers(seed.wrapping_mul(7919).wrapping_add(17));
    (0..20).for_each(|_| {
        numbers.uniform();
    });
    let (mut entries, mut baseline) = (Vec::new(), Vec::new());
    for cycle in 0..cycles {
        let of_cycle = 0.3 * numbers.normal();
        for entry in 0..10 {
            let time = |later: i64| {
                UnixMicros::from_seconds(i64::try_from(cycle).unwrap() * 600 + entry * 30 + later)
            };
            #[allow(clippy::cast_possible_truncation)]
            let mut values: Vec<Option<f32>> = (0..COLUMNS).map(|_| Some(numbers.normal() as f32)).collect();
            let noise = of_cycle + 0.2 * numbers.normal() - 0.05;
            let gain_percent = noise + edge(&mut values, of_cycle);
            let sample = Sample {
                cycle: Seq::new(1 + cycle * 1000),
                decided_at: time(1_000_000).unwrap(),
                left_at: time(1_000_100).unwrap(),
                gain_percent,
                values,
            };
            if entry % 2 == 0 { entries.push(sample) } else { baseline.push(sample) }
        }
    }
    (entries, baseline)
}

fn found(seed: u64, cycles: u64, edge: impl Fn(&mut [Option<f32>], f64) -> f64) -> Suggestion {
    let (entries, baseline) = market(seed, cycles, edge);
    search(&columns(), &entries, &baseline, &Parameters::default())
}

#[test]
fn an_edge_that_is_there_is_found_and_clears() {
    let edge = |values: &mut [Option<f32>], _: f64| if values[4].unwrap() > 0.5 { 0.5 } else { 0.0 };
    for seed in 0..10 {
        let suggestion = found(seed, 240, edge);
        assert_eq!(suggestion.ranges[0].feature, columns()[4].0, "{suggestion:?}");
        assert!(suggestion.applies(), "{suggestion:?}");
        let (learned, judged) = (suggestion.learned.unwrap(), suggestion.judged.unwrap());
        assert!(judged.gain.mean > 0.2 && judged.cycles >= 30 && learned.cycles > judged.cycles);
        assert!(suggestion.walk_forward.unwrap().difference.mean > 0.1);
    }
}

#[test]
fn noise_is_suggested_and_hardly_ever_applied() {
    let searches = 200;
    let applied = (0..searches).filter(|seed| found(*seed, 180, |_, _| 0.05).applies()).count();
    println!("{applied} of {searches} searches on noise would be applied; one in forty is stated");
    assert!(applied <= 10, "{applied} of {searches}");
}

#[test]
fn what_only_tells_one_cycle_from_another_does_not_pass_for_an_edge() {
    // All entries of a cycle share the value as they share the outcome, and within the cycle the two go together
    // perfectly; which value goes with which outcome is chance, and no later cycle repeats it.
    let leak = |values: &mut [Option<f32>], of_cycle: f64| {
        #[allow(clippy::cast_possible_truncation)]
        let shared = (of_cycle * 1e6).sin() as f32;
        values[2] = Some(shared);
        0.0
    };
    let applied = (0..60).filter(|seed| found(*seed, 180, leak).applies()).count();
    println!("{applied} of 60 searches were fooled by a value that all entries of a cycle share");
    assert!(applied <= 4, "{applied}");
}

#[test]
fn the_interval_counts_cycles_and_not_entries() {
    // Fifty entries of each of four cycles, all of a cycle alike: four observations, however many rows.
    let gains: Vec<(Seq, f64)> = (0..200_u32)
        .map(|entry| (Seq::new(u64::from(entry / 50) + 1), [0.9, -0.2, 0.4, 0.1][entry as usize / 50]))
        .collect();
    let nothing: Vec<(Seq, f64)> = (1..5).map(|cycle| (Seq::new(cycle), 0.0)).collect();
    let contrast = Contrast::of(&gains, &nothing).unwrap();
    assert_eq!((contrast.count, contrast.cycles), (200, 4));
    assert!((contrast.gain.mean - 0.3).abs() < 1e-12);
    assert!(contrast.gain.low.unwrap() < 0.0 && contrast.difference.low.unwrap() < 0.0);
    assert!(Contrast::of(&gains, &[]).is_none());
    assert_eq!(Contrast::of(&gains[..9], &nothing).unwrap().gain.low, None);
}

#[test]
fn an_entry_that_was_open_when_judging_began_teaches_nothing() {
    let edge = |values: &mut [Option<f32>], _: f64| if values[4].unwrap() > 0.5 { 0.5 } else { 0.0 };
    let (mut entries, baseline) = market(1, 240, edge);
    let end = entries.last().unwrap().left_at;
    for entry in &mut entries {
        entry.left_at = end;
    }
    let suggestion = search(&columns(), &entries, &baseline, &Parameters::default());
    assert_eq!((suggestion.ranges.len(), suggestion.judgement), (0, Judgement::NothingFound));
}

#[test]
fn too_few_cycles_are_suggested_from_and_never_applied() {
    let edge = |values: &mut [Option<f32>], _: f64| if values[4].unwrap() > 0.0 { 2.0 } else { -2.0 };
    let suggestion = found(3, 60, edge);
    assert!(!suggestion.ranges.is_empty());
    assert_eq!(suggestion.judgement, Judgement::TooFewCycles);
    assert!(found(3, 0, edge).ranges.is_empty());
}
