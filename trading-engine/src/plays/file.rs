//! Plays in files, as `trading.plays` names them: JSON or TOML, with the fields of REST.

use std::path::{Path, PathBuf};

use goat::service::Failure;
use goat::wire::trading as wire;
use prost_reflect::{DescriptorPool, DynamicMessage};
use serde_json::Value;

use super::parse;
use crate::core::play::{Play, Validator};

const MESSAGE: &str = "goat.trading.v1.Play";

/// The plays of the files, in their order.
///
/// # Errors
///
/// When a file cannot be read or its play is refused: says which, and why.
pub fn configured(paths: &[PathBuf]) -> Result<Vec<Play>, Failure> {
    let mut plays: Vec<Play> = Vec::new();
    for path in paths {
        let refused =
            |problem: String| Failure::Usage(format!("trading.plays: {}: {problem}", path.display()));
        let play = read(path).map_err(refused)?;
        if plays.iter().any(|known| known.id == play.id) {
            return Err(refused(format!("there is a play {:?} already", play.id.as_str())));
        }
        plays.push(play);
    }
    Ok(plays)
}

fn read(path: &Path) -> Result<Play, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let value: Value = match path.extension().and_then(|kind| kind.to_str()) {
        Some("json") => serde_json::from_str(&text).map_err(|error| error.to_string())?,
        Some("toml") => toml::from_str(&text).map_err(|error| error.to_string())?,
        _ => return Err("is neither .json nor .toml".to_owned()),
    };
    let play = parse(document(value)?).map_err(|error| error.to_string())?;
    if matches!(play.validator, Some(Validator::Projects(_))) {
        return Err("validator.project_ids: projects are made when the engine runs; use stages".to_owned());
    }
    Ok(play)
}

fn document(value: Value) -> Result<wire::Play, String> {
    let pool = DescriptorPool::decode(goat::wire::DESCRIPTORS).map_err(|error| error.to_string())?;
    let message = pool.get_message_by_name(MESSAGE).ok_or_else(|| format!("{MESSAGE} is not there"))?;
    let dynamic = DynamicMessage::deserialize(message, value).map_err(|error| error.to_string())?;
    dynamic.transcode_to().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(name: &str, text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        configured(&[path]).unwrap_err().to_string()
    }

    #[test]
    fn json_and_toml_say_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let (json, toml) = (folder.path().join("one.json"), folder.path().join("two.toml"));
        let written =
            r#"{"id":"one","name":"x","active":true,"sizeUsd":50,"wallets":{"addresses":["a","b"]}}"#;
        std::fs::write(&json, written).unwrap();
        let written =
            "id = 'two'\nname = 'x'\nactive = true\nsize_usd = 50\n[wallets]\naddresses = ['b', 'a']\n";
        std::fs::write(&toml, written).unwrap();

        let plays = configured(&[json, toml]).unwrap();

        assert_eq!(plays[0].id.as_str(), "one");
        assert_eq!(Play { id: plays[1].id.clone(), ..plays[0].clone() }, plays[1]);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_file() {
        for (name, text, named) in [
            ("play.json", r#"{"name":"x","wallets":{"addresses":["a"]},"stopp":1}"#, "stopp"),
            ("play.json", r#"{"name":"x"}"#, "wallets"),
            ("play.toml", "name = ", "play.toml"),
            ("play.yaml", "name: x", "neither .json nor .toml"),
            (
                "play.toml",
                "name = 'x'\n[wallets]\naddresses = ['a']\n[validator]\nproject_ids = ['5']",
                "stages",
            ),
        ] {
            let problem = refusal(name, text);
            assert!(problem.contains(named) && problem.contains("trading.plays"), "{problem}");
        }
    }
}
