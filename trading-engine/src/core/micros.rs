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

/// A moment that may be absent.
pub(super) mod optional {
    use super::{Deserialize, Deserializer, Serializer, UnixMicros};
    use serde::Serialize;

    #[derive(Serialize, Deserialize)]
    struct Moment(#[serde(with = "super")] UnixMicros);

    #[allow(clippy::ref_option)]
    pub(in crate::core) fn serialize<S: Serializer>(
        time: &Option<UnixMicros>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        time.map(Moment).serialize(serializer)
    }

    pub(in crate::core) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<UnixMicros>, D::Error> {
        Ok(Option::<Moment>::deserialize(deserializer)?.map(|moment| moment.0))
    }
}
