//! Who may ask.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Secret, SettingsError};

/// A shorter secret could be guessed.
const SECRET_CHARACTERS_MIN: usize = 16;

/// What a token allows. A larger scope contains the smaller one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Looking.
    #[default]
    Read,
    /// Looking and changing.
    Admin,
}

impl Scope {
    /// The scope as it is written in settings.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Admin => "admin",
        }
    }
}

/// Who may ask. Without tokens everybody who reaches a loopback address may do everything; with the
/// first one every call needs a token, also on loopback.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Access {
    /// The token that the services show one another where no caller stands behind a call.
    pub service_token: Option<String>,
    /// The tokens by their names, which the audit log and the metrics know them by.
    pub tokens: BTreeMap<String, Token>,
}

/// Who shows the secret is let in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// What is shown, as `Authorization: Bearer …`.
    pub secret: Secret,
    /// read or admin.
    #[serde(default)]
    pub scope: Scope,
}

impl Access {
    pub(super) fn validate(&self) -> Result<(), SettingsError> {
        let refuse = |key: String, problem: String| Err(SettingsError::RefusedEntry { key, problem });
        let mut secrets = BTreeSet::new();
        for (name, token) in &self.tokens {
            let key = format!("access.tokens.{name}.secret");
            let secret = token.secret.reveal();
            if secret.chars().count() < SECRET_CHARACTERS_MIN {
                return refuse(
                    key,
                    format!("is too short; it needs at least {SECRET_CHARACTERS_MIN} characters"),
                );
            }
            if !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
                return refuse(
                    key,
                    "has characters that no header can carry; use printable ASCII".to_owned(),
                );
            }
            if !secrets.insert(secret) {
                return refuse(key, "is the secret of another token too".to_owned());
            }
        }
        match &self.service_token {
            None if self.tokens.is_empty() => Ok(()),
            None => refuse(
                "access.service_token".to_owned(),
                "is not set; with tokens, it names the one that the services show one another".to_owned(),
            ),
            Some(name) if self.tokens.contains_key(name) => Ok(()),
            Some(name) => {
                let problem = format!("is {name:?}, and access.tokens.{name} does not exist");
                refuse("access.service_token".to_owned(), problem)
            }
        }
    }

    /// The secret that the services show one another; none without tokens.
    #[must_use]
    pub fn service_secret(&self) -> Option<&Secret> {
        let name = self.service_token.as_ref()?;
        self.tokens.get(name).map(|token| &token.secret)
    }
}
