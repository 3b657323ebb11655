//! Plays in files: TOML or JSON, with the names of the schema.
//!
//! A file is read as the canonical JSON of a play, so what REST understands it understands too, and an unknown name is
//! refused by that name.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use goat::wire::DESCRIPTORS;
use goat::wire::trading as wire;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, ReflectMessage, SerializeOptions};
use serde_json::Value;

use super::{InvalidPlay, parse};
use crate::core::play::Play;

/// A file is no play; says which file, and why.
#[derive(Debug, thiserror::Error)]
pub enum InvalidFile {
    /// It could not be read.
    #[error("{0}: {1}")]
    Unreadable(PathBuf, std::io::Error),
    /// Its name says neither format.
    #[error("{0}: a play is written in a file that ends in .toml or .json")]
    Format(PathBuf),
    /// It is not in its format, or has a name that plays do not have.
    #[error("{0}: {1}")]
    Document(PathBuf, String),
    /// It is a document, but no valid play.
    #[error("{0}: {1}")]
    Play(PathBuf, InvalidPlay),
}

/// The play in a file, as it is written there and as it is understood, in version 0.
///
/// # Errors
///
/// When the file cannot be read, or what it says is no play.
pub fn read(path: &Path) -> Result<(wire::Play, Play), InvalidFile> {
    let text = std::fs::read_to_string(path).map_err(|error| InvalidFile::Unreadable(path.into(), error))?;
    let refused = |problem: String| InvalidFile::Document(path.into(), problem);
    let value: Value = match path.extension().and_then(|kind| kind.to_str()) {
        Some("toml") => toml::from_str(&text).map_err(|error| refused(error.to_string()))?,
        Some("json") => serde_json::from_str(&text).map_err(|error| refused(error.to_string()))?,
        _ => return Err(InvalidFile::Format(path.into())),
    };
    let document = from_json(value).map_err(refused)?;
    let play = parse(document.clone()).map_err(|error| InvalidFile::Play(path.into(), error))?;
    Ok((document, play))
}

/// The document of that canonical JSON.
fn from_json(value: Value) -> Result<wire::Play, String> {
    let message = DynamicMessage::deserialize(descriptor()?, value).map_err(|error| error.to_string())?;
    message.transcode_to().map_err(|error| error.to_string())
}

/// A document as canonical JSON with the schema's own names.
///
/// # Errors
///
/// When a value of it has no JSON.
pub fn to_json(document: &wire::Play) -> Result<Value, String> {
    let mut message = DynamicMessage::new(descriptor()?);
    message.transcode_from(document).map_err(|error| error.to_string())?;
    debug_assert_eq!(message.descriptor().name(), "Play");
    let options = SerializeOptions::new().use_proto_field_name(true).skip_default_fields(false);
    message.serialize_with_options(serde_json::value::Serializer, &options).map_err(|error| error.to_string())
}

fn descriptor() -> Result<MessageDescriptor, String> {
    static POOL: OnceLock<Option<DescriptorPool>> = OnceLock::new();
    let pool = POOL.get_or_init(|| DescriptorPool::decode(DESCRIPTORS).ok());
    let found = pool.as_ref().and_then(|pool| pool.get_message_by_name("goat.trading.v1.Play"));
    found.ok_or_else(|| "the schema has no goat.trading.v1.Play".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plays::document;

    const TOML: &str = r#"
        name = "Two of three"
        active = true
        size_usd = 250.0
        [wallets]
        addresses = ["one", "two", "three"]
        [bundle]
        wallets = 2
        seconds = 30
        [exit]
        maximum_hold_seconds = 900
    "#;

    fn written(name: &str, text: &str) -> Result<(wire::Play, Play), InvalidFile> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        read(&path)
    }

    #[test]
    fn toml_and_json_say_the_same() {
        let (_, from_toml) = written("play.toml", TOML).unwrap();
        let json = to_json(&document(&from_toml)).unwrap().to_string();
        let (_, from_json) = written("play.json", &json).unwrap();

        assert_eq!((from_toml.id.as_str(), from_toml.size.to_f64()), ("two-of-three", 250.0));
        assert_eq!(from_toml, from_json);
    }

    #[test]
    fn an_unknown_name_is_refused_by_that_name() {
        let refused = written("play.toml", "name = 'x'\nsizeusd = 3").unwrap_err().to_string();
        assert!(refused.contains("sizeusd"), "{refused}");
        let refused = written("play.json", r#"{"name":"x"}"#).unwrap_err().to_string();
        assert!(refused.contains("wallets"), "{refused}");
        assert!(matches!(written("play.yaml", ""), Err(InvalidFile::Format(_))));
    }
}
