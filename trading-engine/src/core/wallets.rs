//! Whom the plays follow at the moment, and who bought lately.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use goat::event::PositionSide;
use goat::values::{Seq, UnixMicros};
use serde::{Deserialize, Serialize};

use super::micros;
use super::play::{Bundle, Play, PlayId, WalletSelection};

/// How long after it is asked a query's answer enters, by the core's clock. It may take no longer: what has not
/// come by then has failed. So it enters at the same place of the log whenever that place is reached.
pub const ANSWER_DUE_SECONDS: i64 = 2;

/// A query that is to be run on the workspace as it is at `asked_seq`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletQuery {
    /// Whose list it is.
    pub play: PlayId,
    /// The version that asks.
    pub version: u32,
    /// The SELECT.
    pub sql: String,
    /// Where the log was.
    pub asked_seq: Seq,
    /// When, by the core's clock.
    #[serde(with = "micros")]
    pub asked_at: UnixMicros,
}

impl WalletQuery {
    /// When the answer enters.
    #[must_use]
    pub fn due_at(&self) -> UnixMicros {
        self.asked_at.plus(std::time::Duration::from_secs(ANSWER_DUE_SECONDS.unsigned_abs()))
    }
}

/// What a query found, or why it failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletAnswer {
    /// Whose list it is.
    pub play: PlayId,
    /// The version that asked.
    pub version: u32,
    /// Where the log was when it was asked.
    pub asked_seq: Seq,
    /// The wallets, or one sentence.
    pub found: Result<BTreeSet<String>, String>,
}

/// The list of one play.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WalletList {
    /// The version of the play it belongs to.
    pub version: u32,
    /// Whom the play follows; nobody after a query that failed.
    pub wallets: BTreeSet<String>,
    /// When it was found, by the core's clock.
    #[serde(with = "micros")]
    pub found_at: UnixMicros,
    /// Why the last query failed.
    pub error: Option<String>,
}

/// The lists of all plays, and the queries on their way.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct WalletLists {
    lists: BTreeMap<PlayId, WalletList>,
    asked: BTreeMap<PlayId, WalletQuery>,
}

impl WalletLists {
    /// The list of a play; none before its first query was answered.
    #[must_use]
    pub fn of(&self, play: &Play) -> Option<&WalletList> {
        self.lists.get(&play.id).filter(|list| list.version == play.version)
    }

    /// The queries that are to be answered, by play.
    pub fn asked(&self) -> impl Iterator<Item = &WalletQuery> {
        self.asked.values()
    }

    /// The earliest moment at which an answer has to be there.
    #[must_use]
    pub fn next_due_at(&self) -> Option<UnixMicros> {
        self.asked.values().map(WalletQuery::due_at).min()
    }

    /// Asks for the lists of those plays whose list is missing or too old.
    pub(super) fn refresh<'a>(
        &mut self,
        plays: impl Iterator<Item = &'a Play>,
        seq: Seq,
        now: UnixMicros,
    ) -> Vec<WalletQuery> {
        let mut queries = Vec::new();
        for play in plays.filter(|play| play.active) {
            let WalletSelection::Query { sql, cache_seconds } = &play.wallets else { continue };
            let good_for = std::time::Duration::from_secs(u64::from(*cache_seconds));
            let fresh = self.of(play).is_some_and(|list| now < list.found_at.plus(good_for));
            let waits = self.asked.get(&play.id).is_some_and(|query| query.version == play.version);
            if fresh || waits {
                continue;
            }
            let query = WalletQuery {
                play: play.id.clone(),
                version: play.version,
                sql: sql.clone(),
                asked_seq: seq,
                asked_at: now,
            };
            self.asked.insert(play.id.clone(), query.clone());
            queries.push(query);
        }
        queries
    }

    /// A play was saved: a list that is given by it is there at once, any other is void.
    pub(super) fn saved(&mut self, play: &Play, now: UnixMicros) {
        self.forget(&play.id);
        if let WalletSelection::Addresses(wallets) = &play.wallets {
            let list =
                WalletList { version: play.version, wallets: wallets.clone(), found_at: now, error: None };
            self.lists.insert(play.id.clone(), list);
        }
    }

    /// A play is gone.
    pub(super) fn forget(&mut self, play: &PlayId) {
        self.lists.remove(play);
        self.asked.remove(play);
    }

    /// Takes an answer in. One to a question that is no longer open is dropped. After a failure the play
    /// follows nobody: an old list is not an answer.
    pub(super) fn answer(&mut self, answer: &WalletAnswer, now: UnixMicros) -> Option<&WalletList> {
        let open = self
            .asked
            .get(&answer.play)
            .is_some_and(|query| query.version == answer.version && query.asked_seq == answer.asked_seq);
        if !open {
            return None;
        }
        self.asked.remove(&answer.play);
        let (wallets, error) = match &answer.found {
            Ok(wallets) => (wallets.clone(), None),
            Err(error) => (BTreeSet::new(), Some(error.clone())),
        };
        let list = WalletList { version: answer.version, wallets, found_at: now, error };
        Some(self.lists.entry(answer.play.clone()).insert_entry(list).into_mut())
    }
}

/// A buy that was seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Buy {
    #[serde(with = "micros")]
    known_at: UnixMicros,
    #[serde(with = "micros")]
    event_time: UnixMicros,
    wallet: String,
    perp_short: Option<bool>,
}

/// The buys of all wallets within the longest window of a bundle, in the order they became known.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RecentBuys(VecDeque<Buy>);

impl RecentBuys {
    pub(super) fn add(
        &mut self,
        now: UnixMicros,
        event_time: UnixMicros,
        wallet: &str,
        perp: Option<PositionSide>,
    ) {
        let oldest = now.minus(std::time::Duration::from_secs(u64::from(Bundle::SECONDS_MAX)));
        while self.0.front().is_some_and(|buy| buy.known_at < oldest) {
            self.0.pop_front();
        }
        let perp_short = perp.map(|side| side == PositionSide::Short);
        self.0.push_back(Buy { known_at: now, event_time, wallet: wallet.to_owned(), perp_short });
    }

    /// How many of the play's wallets bought within the bundle's time up to `trade_time`, as it is known by now.
    #[must_use]
    pub fn distinct_wallets(
        &self,
        play: &Play,
        listed: &BTreeSet<String>,
        bundle: Bundle,
        trade_time: UnixMicros,
    ) -> u32 {
        let from = trade_time.minus(std::time::Duration::from_secs(u64::from(bundle.seconds)));
        let side = |short: bool| if short { PositionSide::Short } else { PositionSide::Long };
        let together = |buy: &&Buy| {
            (from..=trade_time).contains(&buy.event_time)
                && play.perp_mode.admits(buy.perp_short.map(side))
                && listed.contains(&buy.wallet)
        };
        let wallets: BTreeSet<&str> = self.0.iter().filter(together).map(|buy| buy.wallet.as_str()).collect();
        u32::try_from(wallets.len()).unwrap_or(u32::MAX)
    }
}
