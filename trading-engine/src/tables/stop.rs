//! What is kept beside a position: `buyin_price_checks`, the path of its stop; `buyin_trail`, what the market
//! looked like at its decision; and `follow_the_goat_tracking`, whom each play follows.

use std::collections::BTreeMap;

use super::{Carried, Kept, Kind, Record, Shown, Table, Value, optional, required};
use crate::core::decision::DecisionId;
use crate::core::exit::StopRaise;
use crate::core::features::FeatureSet;
use crate::core::play::PlayId;
use crate::core::wallets::WalletList;

pub(super) const COMPUTED: Option<Kept> =
    Some(Kept { per_log: true, carried: Carried::Never, since: 3, hours: None });

/// One row a raise of a stop.
pub(super) const PRICE_CHECKS: Table = Table {
    name: "buyin_price_checks",
    columns: &[
        required("buyin_id", Kind::Text),
        required("seq", Kind::BigInt),
        required("time", Kind::Timestamp),
        required("price", Kind::Double),
        required("highest_price", Kind::Double),
        required("tolerance", Kind::Double),
        required("stop_price", Kind::Double),
    ],
    key: &["buyin_id", "seq"],
    shown: Some(Shown::Always),
    kept: COMPUTED,
};

/// One row a position: the features that were computable, by name and minute.
pub(super) const TRAIL: Table = Table {
    name: "buyin_trail",
    columns: &[required("buyin_id", Kind::Text), required(Table::DOCUMENT, Kind::Json)],
    key: &["buyin_id"],
    shown: Some(Shown::Always),
    kept: COMPUTED,
};

/// One row a play.
pub(super) const TRACKING: Table = Table {
    name: "follow_the_goat_tracking",
    columns: &[
        required("play_id", Kind::Text),
        required("play_version", Kind::BigInt),
        required("found_at", Kind::Timestamp),
        required("wallets", Kind::BigInt),
        optional("error", Kind::Text),
        required(Table::DOCUMENT, Kind::Json),
    ],
    key: &["play_id"],
    shown: Some(Shown::Always),
    kept: COMPUTED,
};

/// A raise of a position's stop.
#[derive(Debug, Clone, PartialEq)]
pub struct PriceCheck(pub DecisionId, pub StopRaise);

impl Record for PriceCheck {
    const TABLE: &'static Table = &PRICE_CHECKS;

    fn values(&self) -> Vec<Value> {
        let Self(id, raise) = self;
        vec![
            id.to_string().into(),
            raise.seq.into(),
            raise.time.into(),
            raise.price.into(),
            raise.best_price.into(),
            raise.tolerance.into(),
            raise.stop_price.into(),
        ]
    }
}

/// The features at a position's decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Trail(pub DecisionId, pub FeatureSet);

impl Record for Trail {
    const TABLE: &'static Table = &TRAIL;

    fn values(&self) -> Vec<Value> {
        let Self(id, features) = self;
        let mut values: BTreeMap<String, BTreeMap<u8, f64>> = BTreeMap::new();
        for row in features.rows() {
            if let Some(value) = row.value {
                values.entry(row.feature.to_string()).or_default().insert(row.minute, value);
            }
        }
        vec![id.to_string().into(), super::value::document(&values)]
    }
}

/// Whom a play follows.
#[derive(Debug, Clone, PartialEq)]
pub struct Tracking(pub PlayId, pub WalletList);

impl Record for Tracking {
    const TABLE: &'static Table = &TRACKING;

    fn values(&self) -> Vec<Value> {
        let Self(play, list) = self;
        vec![
            play.as_str().into(),
            list.version.into(),
            list.found_at.into(),
            u32::try_from(list.wallets.len()).unwrap_or(u32::MAX).into(),
            list.error.as_deref().into(),
            super::value::document(&list.wallets),
        ]
    }
}
