//! Numbers from a seed: the same on every machine and in every release.

/// What numbers are drawn for, so that no two uses share their numbers.
#[derive(Debug, Clone, Copy)]
#[repr(u64)]
pub(super) enum Stream {
    Path = 1,
    Prices,
    Trades,
    Whales,
    Books,
    Levels,
    Candles,
    Wallet,
    Signature,
    WhaleWallet,
}

/// `SplitMix64`: small, fast, and begun anew for every second, so that seconds can be left out.
#[derive(Debug, Clone)]
pub(super) struct Random {
    state: u64,
}

const INCREMENT: u64 = 0x9E37_79B9_7F4A_7C15;

impl Random {
    /// The numbers of one use, in one second or for one thing.
    pub(super) fn new(seed: u64, stream: Stream, number: u64) -> Self {
        let mixed = mix(seed ^ mix(INCREMENT.wrapping_mul(stream as u64)));
        Self { state: mix(mixed.wrapping_add(INCREMENT.wrapping_mul(number))) }
    }

    fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(INCREMENT);
        mix(self.state)
    }

    /// From 0 to 1, without 1.
    pub(super) fn uniform(&mut self) -> f64 {
        let [a, b, c, d, ..] = self.bits().to_be_bytes();
        f64::from(u32::from_be_bytes([a, b, c, d])) / 4_294_967_296.0
    }

    /// From 0 to below `bound`.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        let scaled = ((self.bits() >> 32) * u64::from(bound)) >> 32;
        u32::try_from(scaled).unwrap_or(0)
    }

    /// From `low` to `high`.
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.uniform() < probability
    }

    /// Mean 0, deviation 1, at most 6 away: the sum of twelve uniform numbers needs no library's logarithm.
    pub(super) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }

    /// A value whose quantiles are given, straight lines between them.
    pub(super) fn quantile(&mut self, table: &[(f64, f64)]) -> f64 {
        let share = self.uniform();
        let mut before = table.first().copied().unwrap_or_default();
        for &(up_to, value) in table {
            if share < up_to {
                let (from, start) = before;
                return start + (value - start) * (share - from) / (up_to - from);
            }
            before = (up_to, value);
        }
        before.1
    }

    /// Text in the letters of base 58.
    pub(super) fn base58(&mut self, length: usize) -> String {
        const LETTERS: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
        let letter = |_| {
            let place = usize::try_from(self.below(58)).unwrap_or(0);
            char::from(LETTERS.get(place).copied().unwrap_or(b'1'))
        };
        (0..length).map(letter).collect()
    }
}

fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_numbers_have_mean_zero_and_deviation_one() {
        let mut random = Random::new(1, Stream::Path, 1);
        let drawn: Vec<f64> = (0..20_000).map(|_| random.normal()).collect();
        let mean = drawn.iter().sum::<f64>() / 20_000.0;
        let variance = drawn.iter().map(|number| number * number).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
    }

    #[test]
    fn quantiles_come_out_as_given() {
        let mut random = Random::new(1, Stream::Path, 2);
        let table = [(0.0, 50.0), (0.5, 200.0), (1.0, 70_000.0)];
        let mut drawn: Vec<f64> = (0..10_001).map(|_| random.quantile(&table)).collect();
        drawn.sort_by(f64::total_cmp);
        assert!((190.0..1500.0).contains(&drawn[5000]) && drawn[0] >= 50.0);
    }

    #[test]
    fn uses_do_not_share_their_numbers() {
        let first = |stream, number| Random::new(7, stream, number).bits();
        assert_ne!(first(Stream::Path, 1), first(Stream::Books, 1));
        assert_ne!(first(Stream::Path, 1), first(Stream::Path, 2));
    }
}
