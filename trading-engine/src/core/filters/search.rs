//! The search for ranges, and what is said of them.

use std::collections::BTreeSet;

use goat::values::{Seq, UnixMicros};
use serde::{Deserialize, Serialize};

use super::contrast::{Contrast, number};
use crate::core::features::FeatureId;
use crate::core::micros;

/// The parts of the good entries that a range may span, from quantile to quantile.
const SPANS: [(f64, f64); 7] =
    [(0.05, 0.95), (0.1, 0.9), (0.2, 0.8), (0.25, 0.75), (0.3, 1.0), (0.0, 0.7), (0.5, 1.0)];

/// Ranges come of no fewer good entries.
const GOOD_MIN: usize = 10;

/// Blocks of the walk-forward.
const BLOCKS: usize = 4;

/// An entry that is over, made or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The first event of its cycle.
    pub cycle: Seq,
    /// When it was decided.
    pub decided_at: UnixMicros,
    /// When it was left.
    pub left_at: UnixMicros,
    /// By its play's own exit rule, after costs, in percent.
    pub gain_percent: f64,
    /// Its values, one for each column of the search; none could not be computed.
    pub values: Vec<Option<f32>>,
}

/// How to search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parameters {
    /// Filters that are combined at most.
    pub filters_max: usize,
    /// A combination passes entries of no fewer cycles, where it is learned.
    pub learned_cycles_min: u32,
    /// Cycles that a suggestion passes entries of, where it is judged, for it to be applied.
    pub judged_cycles_min: u32,
    /// The part of the good entries that a combination keeps, where it is learned.
    pub good_kept_min: f64,
    /// Judged are cycles after this one alone, by its first event: those up to it were judged on before.
    pub judged_after: Option<Seq>,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            filters_max: 3,
            learned_cycles_min: 20,
            judged_cycles_min: 30,
            good_kept_min: 0.25,
            judged_after: None,
        }
    }
}

/// A feature has to lie within these bounds, both inside.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Range {
    /// Which.
    pub feature: FeatureId,
    /// Full minutes before the decision.
    pub minute: u8,
    /// The lower bound; none is open.
    pub from: Option<f64>,
    /// The upper bound; none is open.
    pub to: Option<f64>,
}

/// Whether a suggestion may be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Judgement {
    /// Nothing was found that keeps enough.
    NothingFound,
    /// It passes entries of too few cycles where it is judged, or there was nothing to compare them with.
    TooFewCycles,
    /// Its gain, or its advantage over entering at random, may be nothing.
    NotClear,
    /// Both are above zero, as far as intervals of 95 % can tell.
    Clears,
}

/// What a search found. Figures compare the entries that pass with those at random, in percent after costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Suggestion {
    /// All of them have to hold; none when nothing was found.
    pub ranges: Vec<Range>,
    /// Ranges that were tried one by one before the best was taken.
    pub tried: u32,
    /// On the cycles that it was learned from: always too good.
    pub learned: Option<Contrast>,
    /// Of the combinations that each block's past led to, on that block.
    pub walk_forward: Option<Contrast>,
    /// On the cycles that took no part in the search.
    pub judged: Option<Contrast>,
    /// When the first entry of the judged part was decided; none when it has none.
    #[serde(with = "micros::optional")]
    pub judged_from: Option<UnixMicros>,
    /// What follows.
    pub judgement: Judgement,
}

impl Suggestion {
    /// Whether it may be applied.
    #[must_use]
    pub fn applies(&self) -> bool {
        self.judgement == Judgement::Clears
    }
}

/// Searches ranges of `columns` (a feature at a minute each) at which `entries` did better than `baseline`.
///
/// `baseline` are entries at random; their values are not looked at.
#[must_use]
pub fn search(
    columns: &[(FeatureId, u8)],
    entries: &[Sample],
    baseline: &[Sample],
    parameters: &Parameters,
) -> Suggestion {
    let cycles = cycles_of(entries, baseline);
    let judged_begins = judged_begins(&cycles, parameters);
    let learned_cycles = cycles.partition_point(|cycle| *cycle < judged_begins);
    let (learned, judged) = (before(entries, judged_begins), since(entries, judged_begins, None));

    let mut tried = 0;
    let found = combine(&learned, columns.len(), parameters, &mut tried);
    let random = |from: Seq, to: Option<Seq>| gains(since(baseline, from, to).into_iter());
    let passing = |samples: &[&Sample], bounds: &[Bounds]| {
        gains(samples.iter().copied().filter(|sample| passes(bounds, sample)))
    };
    let contrast = |samples: &[&Sample], from: Seq, to: Option<Seq>| {
        (!found.is_empty()).then(|| Contrast::of(&passing(samples, &found), &random(from, to))).flatten()
    };
    let judged_contrast = contrast(&judged, judged_begins, None);
    let range = |bounds: &Bounds| {
        let (feature, minute) = *columns.get(bounds.column)?;
        Some(Range { feature, minute, from: bounds.from.map(f64::from), to: bounds.to.map(f64::from) })
    };
    let blocks = cycles.get(..learned_cycles).unwrap_or_default();
    Suggestion {
        ranges: found.iter().filter_map(range).collect(),
        tried,
        learned: contrast(&learned, Seq::ZERO, Some(judged_begins)),
        walk_forward: walk_forward(blocks, entries, baseline, columns.len(), parameters),
        judged: judged_contrast,
        judged_from: judged.iter().map(|sample| sample.decided_at).min(),
        judgement: judge(&found, judged_contrast.as_ref(), parameters),
    }
}

/// The cycles that a search of these would be judged on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    /// Those with entries, and those with entries at random: the fewer of both.
    pub cycles: u32,
    /// The last of all, by its first event; none when there are none.
    pub until: Option<Seq>,
}

impl Judged {
    /// Without searching.
    #[must_use]
    pub fn of(entries: &[Sample], baseline: &[Sample], parameters: &Parameters) -> Self {
        let cycles = cycles_of(entries, baseline);
        let begins = judged_begins(&cycles, parameters);
        let with = |samples: &[Sample]| {
            let within = samples.iter().map(|sample| sample.cycle).filter(|cycle| *cycle >= begins);
            within.collect::<BTreeSet<Seq>>().len()
        };
        let until = cycles.last().copied().filter(|last| *last >= begins);
        Self { cycles: number(with(entries).min(with(baseline))), until }
    }
}

/// In time, each once.
fn cycles_of(entries: &[Sample], baseline: &[Sample]) -> Vec<Seq> {
    let cycles: BTreeSet<Seq> = entries.iter().chain(baseline).map(|sample| sample.cycle).collect();
    cycles.into_iter().collect()
}

/// The first cycle that is judged on: that of the last third, or a later one when those before were judged on before.
fn judged_begins(cycles: &[Seq], parameters: &Parameters) -> Seq {
    let third = cycles.get(cycles.len() * 2 / 3).copied().unwrap_or(Seq::new(u64::MAX));
    parameters.judged_after.map_or(third, |after| third.max(after.next()))
}

fn judge(found: &[Bounds], judged: Option<&Contrast>, parameters: &Parameters) -> Judgement {
    if found.is_empty() {
        return Judgement::NothingFound;
    }
    let Some(judged) = judged else { return Judgement::TooFewCycles };
    if judged.cycles.min(judged.against_cycles) < parameters.judged_cycles_min {
        return Judgement::TooFewCycles;
    }
    let clears = |low: Option<f64>| low.is_some_and(|low| low > 0.0);
    if clears(judged.gain.low) && clears(judged.difference.low) {
        Judgement::Clears
    } else {
        Judgement::NotClear
    }
}

/// What the past of each block leads to, on that block; all blocks together.
fn walk_forward(
    cycles: &[Seq],
    entries: &[Sample],
    baseline: &[Sample],
    columns: usize,
    parameters: &Parameters,
) -> Option<Contrast> {
    let size = cycles.len().div_ceil(BLOCKS).max(1);
    let (mut passed, mut random) = (Vec::new(), Vec::new());
    for block in 1..BLOCKS {
        let Some(begins) = cycles.get(block * size).copied() else { break };
        let ends = cycles.get((block + 1) * size).copied().or(cycles.last().map(|last| last.next()));
        let found = combine(&before(entries, begins), columns, parameters, &mut 0);
        if found.is_empty() {
            continue;
        }
        let tested = since(entries, begins, ends);
        passed.extend(gains(tested.into_iter().filter(|sample| passes(&found, sample))));
        random.extend(gains(since(baseline, begins, ends).into_iter()));
    }
    Contrast::of(&passed, &random)
}

/// A range of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bounds {
    column: usize,
    from: Option<f32>,
    to: Option<f32>,
}

impl Bounds {
    fn holds(&self, sample: &Sample) -> bool {
        let value = sample.values.get(self.column).copied().flatten();
        value.is_some_and(|value| {
            self.from.is_none_or(|from| from <= value) && self.to.is_none_or(|to| value <= to)
        })
    }
}

fn passes(bounds: &[Bounds], sample: &Sample) -> bool {
    bounds.iter().all(|bounds| bounds.holds(sample))
}

/// Takes the best range, then the one that makes it better most, and so on.
fn combine(samples: &[&Sample], columns: usize, parameters: &Parameters, tried: &mut u32) -> Vec<Bounds> {
    let good: Vec<&Sample> = samples.iter().copied().filter(|sample| sample.gain_percent > 0.0).collect();
    let candidates: Vec<Bounds> = (0..columns).flat_map(|column| ranges(column, &good)).collect();
    *tried = number(candidates.len());
    #[allow(clippy::cast_precision_loss)]
    let good_min = parameters.good_kept_min * good.len() as f64;
    let mut found: Vec<Bounds> = Vec::new();
    let mut left: Vec<&Sample> = samples.to_vec();
    let mut best = score(&left, good_min, parameters).unwrap_or(f64::NEG_INFINITY);
    while found.len() < parameters.filters_max {
        let mut next = None;
        for bounds in &candidates {
            let kept: Vec<&Sample> = left.iter().copied().filter(|sample| bounds.holds(sample)).collect();
            if let Some(score) = score(&kept, good_min, parameters).filter(|score| *score > best) {
                best = score;
                next = Some((*bounds, kept));
            }
        }
        let Some((bounds, kept)) = next else { break };
        found.push(bounds);
        left = kept;
    }
    found
}

/// The lower bound of the mean gain; none when too little is kept. It rewards gain and punishes scarcity.
fn score(kept: &[&Sample], good_min: f64, parameters: &Parameters) -> Option<f64> {
    #[allow(clippy::cast_precision_loss)]
    let good = kept.iter().filter(|sample| sample.gain_percent > 0.0).count() as f64;
    if good < good_min {
        return None;
    }
    // Samples come cycle by cycle.
    let count = f64::from(number(kept.len()));
    let mean = kept.iter().map(|sample| sample.gain_percent).sum::<f64>() / count;
    let (mut cycles, mut squares) = (0_u32, 0.0);
    for cycle in kept.chunk_by(|one, next| one.cycle == next.cycle) {
        cycles += 1;
        let influence = cycle.iter().map(|sample| sample.gain_percent - mean).sum::<f64>() / count;
        squares += influence * influence;
    }
    (cycles >= parameters.learned_cycles_min.max(2)).then(|| {
        let cycles = f64::from(cycles);
        mean - 2.0 * (cycles / (cycles - 1.0) * squares).sqrt()
    })
}

/// The ranges of a column that the good entries span.
fn ranges(column: usize, good: &[&Sample]) -> Vec<Bounds> {
    let value = |sample: &&Sample| sample.values.get(column).copied().flatten();
    let mut values: Vec<f32> = good.iter().filter_map(value).collect();
    if values.len() < GOOD_MIN {
        return Vec::new();
    }
    values.sort_by(f32::total_cmp);
    let at = |quantile: f64| {
        #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss)]
        let place = (quantile * (values.len() - 1) as f64).round() as usize;
        values.get(place).copied()
    };
    let bounds = SPANS.map(|(from, to)| Bounds {
        column,
        from: (from > 0.0).then(|| at(from)).flatten(),
        to: (to < 1.0).then(|| at(to)).flatten(),
    });
    bounds.to_vec()
}

/// Entries of cycles before `end` that were over when the first entry of `end` or later was decided.
fn before(samples: &[Sample], end: Seq) -> Vec<&Sample> {
    let later = samples.iter().filter(|sample| sample.cycle >= end);
    let begins = later.map(|sample| sample.decided_at).min();
    let known = |sample: &&Sample| begins.is_none_or(|begins| sample.left_at < begins);
    in_order(samples.iter().filter(|sample| sample.cycle < end).filter(known).collect())
}

/// Entries of cycles from `begin` on, and before `end`.
fn since(samples: &[Sample], begin: Seq, end: Option<Seq>) -> Vec<&Sample> {
    let within = |sample: &&Sample| sample.cycle >= begin && end.is_none_or(|end| sample.cycle < end);
    in_order(samples.iter().filter(within).collect())
}

fn in_order(mut samples: Vec<&Sample>) -> Vec<&Sample> {
    samples.sort_by_key(|sample| (sample.cycle, sample.decided_at));
    samples
}

fn gains<'a>(samples: impl Iterator<Item = &'a Sample>) -> Vec<(Seq, f64)> {
    samples.map(|sample| (sample.cycle, sample.gain_percent)).collect()
}
