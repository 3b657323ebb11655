//! The wallets that bought lately: which of them have bought often enough.

use std::collections::BTreeMap;
use std::time::Duration;

use goat::values::UnixMicros;
use serde::{Deserialize, Serialize};

use super::followed::Followed;

/// A wallet with fewer buys in the window has no rows.
pub const BUYS_MIN: usize = 3;

/// One wallet.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Buyer {
    /// The times of its newest buys in microseconds, rising, at most [`BUYS_MIN`].
    newest: Vec<i64>,
    /// Trades that lie in no cycle that goes on, and wait for more buys.
    held: Vec<Followed>,
}

/// **Invariant:** `held` is the number of trades that the wallets hold together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Buyers {
    wallets: BTreeMap<String, Buyer>,
    held: u32,
}

impl Buyers {
    /// How many wallets bought in the window, or did when it was last swept.
    pub(super) fn len(&self) -> usize {
        self.wallets.len()
    }

    /// How many trades wait for more buys of their wallets.
    pub(super) fn held(&self) -> u32 {
        self.held
    }

    pub(super) fn knows(&self, wallet: &str) -> bool {
        self.wallets.contains_key(wallet)
    }

    /// Counts a buy.
    pub(super) fn bought(&mut self, wallet: &str, time: UnixMicros) {
        let buyer = self.wallets.entry(wallet.to_owned()).or_default();
        let place = buyer.newest.partition_point(|&earlier| earlier <= time.get());
        buyer.newest.insert(place, time.get());
        if buyer.newest.len() > BUYS_MIN {
            buyer.newest.remove(0);
        }
    }

    /// Whether the wallet has bought often enough in the window before `now`.
    pub(super) fn has_enough(&self, wallet: &str, now: UnixMicros, window: Duration) -> bool {
        let Some(buyer) = self.wallets.get(wallet) else { return false };
        let oldest = buyer.newest.first().filter(|_| buyer.newest.len() == BUYS_MIN);
        oldest.is_some_and(|&time| time > now.minus(window).get())
    }

    /// Keeps a trade until its wallet has bought often enough; refuses it beyond `held_max`.
    pub(super) fn hold(&mut self, trade: Followed, held_max: u32) -> bool {
        if self.held >= held_max {
            return false;
        }
        let Some(buyer) = self.wallets.get_mut(&trade.key.wallet) else { return false };
        buyer.held.push(trade);
        self.held += 1;
        true
    }

    /// Hands out what a wallet holds.
    pub(super) fn release(&mut self, wallet: &str) -> Vec<Followed> {
        let held = self.wallets.get_mut(wallet).map(|buyer| std::mem::take(&mut buyer.held));
        let held = held.unwrap_or_default();
        self.held = self.held.saturating_sub(u32::try_from(held.len()).unwrap_or(u32::MAX));
        held
    }

    /// Forgets buys out of the window before `now`, and returns how many held trades went with them.
    pub(super) fn sweep(&mut self, now: UnixMicros, window: Duration) -> u32 {
        let mut held = 0;
        self.wallets.retain(|_, buyer| {
            buyer.newest.retain(|&time| time > now.minus(window).get());
            buyer.held.retain(|trade| trade.is_within(now, window));
            held += buyer.held.len();
            !buyer.newest.is_empty()
        });
        let held = u32::try_from(held).unwrap_or(u32::MAX);
        let dropped = self.held.saturating_sub(held);
        self.held = held;
        dropped
    }
}
