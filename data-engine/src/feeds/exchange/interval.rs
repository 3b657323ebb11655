//! Lengths of candles.

use goat::values::InvalidValue;

/// The length of a candle, as both venues know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval {
    seconds: u32,
    /// As settings and Binance write it.
    name: &'static str,
    bybit: &'static str,
}

const KNOWN: [Interval; 11] = [
    Interval { seconds: 60, name: "1m", bybit: "1" },
    Interval { seconds: 180, name: "3m", bybit: "3" },
    Interval { seconds: 300, name: "5m", bybit: "5" },
    Interval { seconds: 900, name: "15m", bybit: "15" },
    Interval { seconds: 1_800, name: "30m", bybit: "30" },
    Interval { seconds: 3_600, name: "1h", bybit: "60" },
    Interval { seconds: 7_200, name: "2h", bybit: "120" },
    Interval { seconds: 14_400, name: "4h", bybit: "240" },
    Interval { seconds: 21_600, name: "6h", bybit: "360" },
    Interval { seconds: 43_200, name: "12h", bybit: "720" },
    Interval { seconds: 86_400, name: "1d", bybit: "D" },
];

impl Interval {
    /// Reads a length as settings and Binance write it.
    ///
    /// # Errors
    ///
    /// When no venue of ours has such candles.
    pub fn parse(name: &str) -> Result<Self, InvalidValue> {
        Self::find(name, |interval| interval.name)
    }

    /// Reads a length as Bybit writes it.
    ///
    /// # Errors
    ///
    /// When no venue of ours has such candles.
    pub fn parse_bybit(name: &str) -> Result<Self, InvalidValue> {
        Self::find(name, |interval| interval.bybit)
    }

    fn find(name: &str, written: impl Fn(&Self) -> &'static str) -> Result<Self, InvalidValue> {
        KNOWN.into_iter().find(|interval| written(interval) == name).ok_or_else(|| {
            InvalidValue::new("interval", "1m, 3m, 5m, 15m, 30m, 1h, 2h, 4h, 6h, 12h or 1d", name)
        })
    }

    /// In seconds.
    #[must_use]
    pub fn seconds(self) -> u32 {
        self.seconds
    }

    /// In microseconds.
    #[must_use]
    pub fn micros(self) -> i64 {
        i64::from(self.seconds) * 1_000_000
    }

    /// The length as time.
    #[must_use]
    pub fn span(self) -> std::time::Duration {
        std::time::Duration::from_secs(u64::from(self.seconds))
    }

    /// As settings and Binance write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.name
    }

    /// As Bybit writes it.
    #[must_use]
    pub fn bybit(self) -> &'static str {
        self.bybit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_as_each_venue_writes_them() {
        assert_eq!(Interval::parse("15m").unwrap(), Interval::parse_bybit("15").unwrap());
        assert_eq!(Interval::parse_bybit("D").unwrap().seconds(), 86_400);
        let error = Interval::parse("7m").unwrap_err().to_string();
        assert!(error.starts_with("interval must be 1m, ") && error.ends_with("got 7m"), "{error}");
    }
}
