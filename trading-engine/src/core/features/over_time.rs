//! What formulas do across minutes. `of` is a value of a minute; each minute that a formula reads must have one.

/// `part / whole`; none of zero.
pub(super) fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole != 0.0).then(|| part / whole)
}

/// `part` in percent of `whole`; none of zero.
pub(super) fn percent(part: f64, whole: f64) -> Option<f64> {
    Some(ratio(part, whole)? * 100.0)
}

/// How much `value` is above `base`, in percent of it; none of zero.
pub(super) fn percent_over(value: f64, base: f64) -> Option<f64> {
    percent(value - base, base)
}

/// The change against `lag` minutes before, in percent.
pub(super) fn percent_change(minute: usize, lag: usize, of: impl Fn(usize) -> Option<f64>) -> Option<f64> {
    percent_over(of(minute)?, of(minute + lag)?)
}

/// The difference to `lag` minutes before.
pub(super) fn shift(minute: usize, lag: usize, of: impl Fn(usize) -> Option<f64>) -> Option<f64> {
    Some(of(minute)? - of(minute + lag)?)
}

/// The least-squares slope over three minutes, per minute.
pub(super) fn trend_3m(minute: usize, of: impl Fn(usize) -> Option<f64>) -> Option<f64> {
    // Of three values at even distances the middle one does not tilt the line, but it has to be known.
    of(minute + 1)?;
    Some(shift(minute, 2, of)? / 2.0)
}

/// The sum over as many minutes, from `minute` back.
pub(super) fn sum(minute: usize, minutes: u8, of: impl Fn(usize) -> Option<f64>) -> Option<f64> {
    (minute..minute + usize::from(minutes)).map(of).sum()
}

/// The mean over as many minutes, from `minute` back.
pub(super) fn mean(minute: usize, minutes: u8, of: impl Fn(usize) -> Option<f64>) -> Option<f64> {
    Some(sum(minute, minutes, of)? / f64::from(minutes))
}

/// How many times the mean of the five minutes before; none when that is zero.
pub(super) fn surge(minute: usize, of: impl Fn(usize) -> Option<f64>) -> Option<f64> {
    ratio(of(minute)?, mean(minute + 1, 5, of)?)
}
