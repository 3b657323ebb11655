//! Messages as the combined stream sends them: a walk of the price with changes around it.

use std::fmt::Write as _;
use std::path::Path;

const LEVELS_OF_A_SIDE: u64 = 20;
const SNAPSHOT_LEVELS: u64 = 1000;
const FIRST_ID: u64 = 5_000_000_000;

/// A snapshot and what follows it.
pub(crate) struct Messages {
    /// The answer of `GET /api/v3/depth`.
    pub(crate) snapshot: String,
    /// The first of them begins with the snapshot's own last number.
    pub(crate) updates: Vec<String>,
}

impl Messages {
    pub(crate) fn generate(count: u64) -> Self {
        let mut chance = Chance(7);
        let mut mid_cents = 14_750_u64;
        let side = |mid: u64, is_bid: bool| {
            let level = |place| format!("[\"{}\",\"12.34500000\"]", price(mid, place, is_bid));
            (1..=SNAPSHOT_LEVELS).map(level).collect::<Vec<_>>().join(",")
        };
        let snapshot = format!(
            "{{\"lastUpdateId\":{FIRST_ID},\"bids\":[{}],\"asks\":[{}]}}",
            side(mid_cents, true),
            side(mid_cents, false)
        );
        let updates = (0..count).map(|number| {
            mid_cents = (mid_cents + chance.below(3) - 1).clamp(14_500, 15_000);
            update(number, mid_cents, &mut chance)
        });
        Self { snapshot, updates: updates.collect() }
    }

    pub(crate) fn mean_bytes(&self) -> usize {
        self.updates.iter().map(String::len).sum::<usize>() / self.updates.len()
    }

    pub(crate) fn mean_levels(&self) -> usize {
        self.updates.iter().map(|text| text.matches("\",\"").count()).sum::<usize>() / self.updates.len()
    }

    /// One line each, the snapshot first.
    pub(crate) fn write(&self, path: &Path) {
        let lines: Vec<&str> =
            std::iter::once(self.snapshot.as_str()).chain(self.updates.iter().map(String::as_str)).collect();
        std::fs::write(path, lines.join("\n")).expect("a file");
    }
}

fn update(number: u64, mid: u64, chance: &mut Chance) -> String {
    let (first, last) = (FIRST_ID + number * 10, FIRST_ID + number * 10 + 9);
    let time = 1_767_478_430_000 + number * 100;
    let mut text = format!(
        "{{\"stream\":\"solusdt@depth@100ms\",\"data\":{{\"e\":\"depthUpdate\",\"E\":{time},\"s\":\"SOLUSDT\",\"U\":{first},\"u\":{last}"
    );
    for (name, is_bid) in [("b", true), ("a", false)] {
        let _ = write!(text, ",\"{name}\":[");
        for place in 0..LEVELS_OF_A_SIDE {
            // Nobody asks or bids at the mid price; the best levels change most.
            let (at, quantity) = match place {
                0 => (price(mid, 0, is_bid), 0),
                _ => (price(mid, chance.below(place * 3) + 1, is_bid), chance.below(100_000)),
            };
            let comma = if place == 0 { "" } else { "," };
            let _ = write!(text, "{comma}[\"{at}\",\"{}.{:03}00000\"]", quantity / 1000, quantity % 1000);
        }
        text.push(']');
    }
    text + "}}"
}

/// So many cents from the mid price, as the venue writes it.
fn price(mid_cents: u64, cents: u64, is_bid: bool) -> String {
    let cents = if is_bid { mid_cents - cents } else { mid_cents + cents };
    format!("{}.{:02}000000", cents / 100, cents % 100)
}

/// Numbers that are the same in each run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}
