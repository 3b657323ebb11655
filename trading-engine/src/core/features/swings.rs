//! Turning points of a price series.

/// How many points on each side a turning point tops, or undercuts.
const REACH: usize = 10;

/// A turning point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Swing {
    /// Its place in the series.
    pub(super) at: usize,
    /// Its price.
    pub(super) price: f64,
}

/// The turning points of a series, oldest first: points that are the highest (lowest) of the 21 around them. Equal
/// points side by side are one turning point, the first of them. The first and the last ten points cannot be one.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Swings {
    pub(super) highs: Vec<Swing>,
    pub(super) lows: Vec<Swing>,
}

impl Swings {
    pub(super) fn of(points: &[f64]) -> Self {
        let mut swings = Self::default();
        let (mut was_high, mut was_low) = (None, None);
        for (from, window) in points.windows(2 * REACH + 1).enumerate() {
            let at = from + REACH;
            let Some(&price) = points.get(at) else { break };
            let is_high = window.iter().all(|other| *other <= price);
            let is_low = window.iter().all(|other| *other >= price);
            if is_high && was_high != Some(price) {
                swings.highs.push(Swing { at, price });
            }
            if is_low && was_low != Some(price) {
                swings.lows.push(Swing { at, price });
            }
            was_high = is_high.then_some(price);
            was_low = is_low.then_some(price);
        }
        swings
    }

    /// The highs and the lows, when there are at least two of each.
    pub(super) fn pairs(&self) -> Option<(Pair<'_>, Pair<'_>)> {
        Some((Pair::of(&self.highs)?, Pair::of(&self.lows)?))
    }
}

/// At least two turning points of one kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair<'a> {
    swings: &'a [Swing],
    pub(super) first: f64,
    pub(super) last: f64,
}

impl<'a> Pair<'a> {
    fn of(swings: &'a [Swing]) -> Option<Self> {
        match swings {
            [first, .., last] => Some(Self { swings, first: first.price, last: last.price }),
            _ => None,
        }
    }

    pub(super) fn count(&self) -> usize {
        self.swings.len()
    }

    pub(super) fn prices(&self) -> Vec<f64> {
        self.swings.iter().map(|swing| swing.price).collect()
    }

    /// Percent of the mean price from one turning point to the next, by least squares.
    pub(super) fn percent_per_swing(&self) -> f64 {
        let prices = self.prices();
        slope(as_numbers(0..prices.len()).zip(prices.iter().copied())) / mean(&prices) * 100.0
    }

    /// Price per point of the series, by least squares.
    pub(super) fn price_per_point(&self) -> f64 {
        let places = as_numbers(self.swings.iter().map(|swing| swing.at));
        slope(places.zip(self.swings.iter().map(|swing| swing.price)))
    }
}

/// The least-squares slope of the second over the first; 0 where all the first are equal.
pub(super) fn slope(points: impl Iterator<Item = (f64, f64)> + Clone) -> f64 {
    let (mut count, mut sum_x, mut sum_y) = (0.0, 0.0, 0.0);
    for (x, y) in points.clone() {
        count += 1.0;
        sum_x += x;
        sum_y += y;
    }
    let (mean_x, mean_y) = (sum_x / count, sum_y / count);
    let (mut products, mut squares) = (0.0, 0.0);
    for (x, y) in points {
        products += (x - mean_x) * (y - mean_y);
        squares += (x - mean_x) * (x - mean_x);
    }
    if squares == 0.0 { 0.0 } else { products / squares }
}

/// Places as numbers: series are far shorter than what a float counts exactly.
#[allow(clippy::cast_precision_loss)]
pub(super) fn as_numbers(places: impl Iterator<Item = usize> + Clone) -> impl Iterator<Item = f64> + Clone {
    places.map(|place| place as f64)
}

/// The mean of at least one number.
pub(super) fn mean(numbers: &[f64]) -> f64 {
    let (sum, count) = numbers.iter().fold((0.0, 0.0), |(sum, count), number| (sum + number, count + 1.0));
    sum / count
}

/// The median of at least one number.
pub(super) fn median(numbers: &[f64]) -> Option<f64> {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(*upper);
    }
    let lower = sorted.get((sorted.len() / 2).checked_sub(1)?)?;
    Some(f64::midpoint(*lower, *upper))
}
