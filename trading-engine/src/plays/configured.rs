//! The plays that the settings name: `trading.plays`, files as [`file::read`] understands them.

use std::path::PathBuf;

use goat::service::Failure;

use super::file;
use crate::core::play::{Play, Validator};

/// The plays of the files, in their order.
///
/// # Errors
///
/// When a file cannot be read or its play is refused: says which, and why.
pub fn configured(paths: &[PathBuf]) -> Result<Vec<Play>, Failure> {
    let refused = |problem: String| Failure::Usage(format!("trading.plays: {problem}"));
    let mut plays: Vec<Play> = Vec::new();
    for path in paths {
        let (_, play) = file::read(path).map_err(|error| refused(error.to_string()))?;
        let named = |problem: String| refused(format!("{}: {problem}", path.display()));
        if matches!(play.validator, Some(Validator::Projects(_))) {
            return Err(named(
                "validator.project_ids: projects are made when the engine runs; use stages".to_owned(),
            ));
        }
        if plays.iter().any(|known| known.id == play.id) {
            return Err(named(format!("there is a play {:?} already", play.id.as_str())));
        }
        plays.push(play);
    }
    Ok(plays)
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
    fn the_plays_that_come_along_can_be_run() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("plays");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let plays = configured(&files.collect::<Vec<_>>()).unwrap();
        assert!(plays.len() >= 2);
        let workspace = crate::workspace::open().unwrap();
        for play in plays {
            let crate::core::play::WalletSelection::Query { sql, .. } = &play.wallets else { continue };
            crate::workspace::check_wallet_query(&workspace, sql).unwrap();
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_file() {
        let projects = "name = 'x'\n[wallets]\naddresses = ['a']\n[validator]\nproject_ids = ['5']";
        for (name, text, named) in [
            ("play.json", r#"{"name":"x","wallets":{"addresses":["a"]},"stopp":1}"#, "stopp"),
            ("play.json", r#"{"name":"x"}"#, "wallets"),
            ("play.toml", "name = ", "play.toml"),
            ("play.yaml", "name: x", ".toml or .json"),
            ("play.toml", projects, "stages"),
        ] {
            let problem = refusal(name, text);
            assert!(problem.contains(named) && problem.contains("trading.plays"), "{problem}");
        }
    }
}
