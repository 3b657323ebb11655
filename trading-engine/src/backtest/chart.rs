//! Lines over time as SVG, drawn to scale.

use std::fmt::Write;

use goat::values::UnixMicros;

const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 240.0;
/// More points than this cannot be told apart: of each stretch the lowest and the highest stay.
const POINTS_MAX: usize = 2_000;

/// A point of a chart: when, and how much.
pub(super) type Point = (UnixMicros, f64);

/// A mark on a line.
#[derive(Debug, Clone)]
pub(super) struct Sign {
    pub(super) at: Point,
    /// Its class, which gives it its colour.
    pub(super) class: &'static str,
    /// What it says when it is pointed at.
    pub(super) title: String,
}

/// A line with signs on it; nothing without points.
pub(super) fn chart(points: &[Point], signs: &[Sign], unit: &str) -> String {
    let Some(scale) = Scale::of(points, signs) else { return "<p>Nothing to draw.</p>".to_owned() };
    let path: Vec<String> = thinned(points)
        .into_iter()
        .map(|point| {
            let (x, y) = scale.place(point);
            format!("{x:.1},{y:.1}")
        })
        .collect();
    let mut svg = format!(
        "<svg viewBox=\"0 -10 {WIDTH} {}\" role=\"img\"><polyline points=\"{}\"/>",
        HEIGHT + 20.0,
        path.join(" ")
    );
    for sign in signs {
        let (x, y) = scale.place(sign.at);
        let _ = write!(
            svg,
            "<circle class=\"{}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"><title>{}</title></circle>",
            sign.class,
            escaped(&sign.title)
        );
    }
    let (from, until) = scale.times();
    let _ = write!(
        svg,
        "</svg><p class=\"scale\"><span>{from}</span><span>{:.4} to {:.4} {unit}</span><span>{until}</span></p>",
        scale.low, scale.high
    );
    svg
}

struct Scale {
    first: i64,
    last: i64,
    low: f64,
    high: f64,
}

impl Scale {
    fn of(points: &[Point], signs: &[Sign]) -> Option<Self> {
        let all = || points.iter().copied().chain(signs.iter().map(|sign| sign.at));
        let first = all().map(|(time, _)| time.get()).min()?;
        let last = all().map(|(time, _)| time.get()).max()?;
        let low = all().map(|(_, value)| value).fold(f64::INFINITY, f64::min);
        let high = all().map(|(_, value)| value).fold(f64::NEG_INFINITY, f64::max);
        Some(Self { first, last, low, high })
    }

    #[allow(clippy::cast_precision_loss)]
    fn place(&self, (time, value): Point) -> (f64, f64) {
        let part = |from: f64, all: f64| if all > 0.0 { from / all } else { 0.5 };
        let x = part((time.get() - self.first) as f64, (self.last - self.first) as f64);
        let y = part(self.high - value, self.high - self.low);
        (x * WIDTH, y * HEIGHT)
    }

    fn times(&self) -> (UnixMicros, UnixMicros) {
        let time = |micros| UnixMicros::new(micros).unwrap_or_default();
        (time(self.first), time(self.last))
    }
}

fn thinned(points: &[Point]) -> Vec<Point> {
    if points.len() <= POINTS_MAX {
        return points.to_vec();
    }
    let stretch = points.len().div_ceil(POINTS_MAX / 2);
    let mut kept = Vec::with_capacity(POINTS_MAX);
    for part in points.chunks(stretch) {
        let by_value = |one: &&Point, other: &&Point| one.1.total_cmp(&other.1);
        let mut ends: Vec<Point> = [part.iter().min_by(by_value), part.iter().max_by(by_value)]
            .into_iter()
            .flatten()
            .copied()
            .collect();
        ends.sort_by_key(|(time, _)| *time);
        kept.extend(ends);
    }
    kept
}

/// Text in HTML.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_keeps_its_extremes() {
        let at = |second: i64| UnixMicros::from_seconds(second).unwrap();
        let mut points: Vec<Point> = (0..50_000).map(|second| (at(second), 1.0)).collect();
        points[31_234].1 = 9.0;
        points[31_235].1 = -9.0;

        let kept = thinned(&points);

        assert!(kept.len() <= POINTS_MAX);
        assert!(kept.contains(&points[31_234]) && kept.contains(&points[31_235]));
        assert!(kept.is_sorted_by_key(|(time, _)| *time));
        assert!(chart(&points, &[], "USD").contains("-9.0000 to 9.0000 USD"));
    }

    #[test]
    fn nothing_is_drawn_of_nothing_and_titles_are_text() {
        assert!(!chart(&[], &[], "USD").contains("svg"));
        let point = (UnixMicros::default(), 1.0);
        let sign = Sign { at: point, class: "entry", title: "<b>".into() };
        assert!(chart(&[point], &[sign], "USD").contains("&lt;b&gt;"));
    }
}
