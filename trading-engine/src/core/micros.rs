//! How a moment is kept in the state: as its microseconds.

use goat::values::UnixMicros;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

#[allow(clippy::trivially_copy_pass_by_ref)]
pub(super) fn serialize<S: Serializer>(time: &UnixMicros, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(time.get())
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<UnixMicros, D::Error> {
    UnixMicros::new(i64::deserialize(deserializer)?).map_err(D::Error::custom)
}
