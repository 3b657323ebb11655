//! Rows on their way into the tables.

use std::collections::BTreeMap;

use crate::core::Hour;
use crate::core::cycles::PriceAnalysis;
use crate::core::filters::automatic::FilterQuestion;
use crate::core::wallets::WalletQuery;
use crate::tables::{Batch, BookRowPace, PriceRow, Table, Value};

/// What has come about since the rows before.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rows {
    /// The tables are emptied first: the state began anew.
    pub begins: bool,
    /// Raw prices.
    pub prices: Vec<PriceRow>,
    /// Ticks in their cycles.
    pub analysis: Vec<PriceAnalysis>,
    /// Rows of the other raw tables, by their names.
    pub raw: BTreeMap<&'static str, Vec<Vec<Value>>>,
    /// Rows of keyed tables.
    pub batch: Batch,
    /// A full hour has begun: what is too old for it, and stood before it, is dropped.
    pub hour: Option<Hour>,
    /// To be answered from the tables as they are once these rows are in them.
    pub queries: Vec<WalletQuery>,
    /// To be searched once these rows are in the tables.
    pub searches: Vec<FilterQuestion>,
}

impl Rows {
    /// Adds a row to a raw table.
    pub fn put_raw(&mut self, table: &'static Table, row: Vec<Value>) {
        self.raw.entry(table.name).or_default().push(row);
    }

    /// The rows of a raw table that is not that of the prices.
    #[must_use]
    pub fn raw(&self, table: &Table) -> &[Vec<Value>] {
        self.raw.get(table.name).map_or(&[], Vec::as_slice)
    }

    /// Leaves out what a pace does not admit, which begins anew where the tables do.
    pub(super) fn keep_pace(&mut self, pace: &mut BookRowPace) {
        if self.begins {
            *pace = BookRowPace::default();
        }
        if let Some(books) = self.raw.get_mut(BookRowPace::TABLE_NAME) {
            books.retain(|row| pace.admits(row));
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        let raw: usize = self.raw.values().map(Vec::len).sum();
        self.prices.len() + self.analysis.len() + raw + self.batch.len()
    }

    /// Whether writing them would change nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let nothing_asked = self.queries.is_empty() && self.searches.is_empty();
        self.len() == 0 && !self.begins && self.hour.is_none() && nothing_asked
    }
}
