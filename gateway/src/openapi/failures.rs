//! How requests fail: each status with its reason, once.

use serde_json::{Map, Value, json};

use super::messages::STATUS;
use super::messages::reference;

/// To which requests an answer can come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum To {
    All,
    /// Those with a body.
    Bodies,
    /// Those that show a token.
    Tokens,
}

/// Where the answers lie in the document.
const RESPONSES: &str = "#/components/responses/";
/// Status, name, to whom, reason.
const FAILURES: [(u16, &str, To, &str); 14] = [
    (400, "Invalid", To::All, "The request cannot be right, or not at present; the message says why."),
    (401, "Unauthenticated", To::Tokens, "No token was shown, or one that nobody knows."),
    (403, "Forbidden", To::All, "The token does not allow it, or another website's page asked."),
    (404, "NotFound", To::All, "What was asked for does not exist."),
    (409, "Conflict", To::All, "It is there already, or was changed meanwhile."),
    (413, "TooLarge", To::Bodies, "The body is longer than limits.body_bytes_max."),
    (415, "NotJson", To::Bodies, "The body is not application/json."),
    (421, "OtherHost", To::All, "The host is neither loopback nor named in gateway.hosts."),
    (429, "Exhausted", To::All, "A limit was reached: ask for less, or later."),
    (499, "Cancelled", To::All, "The call was given up."),
    (500, "Internal", To::All, "Our mistake; the log of the service has the details."),
    (501, "Unimplemented", To::All, "The engine is older than the gateway and does not know the call."),
    (503, "Unavailable", To::All, "The engine does not answer, or cannot at present."),
    (504, "TooSlow", To::All, "It took longer than it may."),
];

/// Every failure by its name.
pub(super) fn components() -> Map<String, Value> {
    let described = |(_, name, _, reason): (u16, &str, To, &str)| {
        let content = json!({"application/json": {"schema": reference(STATUS)}});
        let headers = match name {
            "Unauthenticated" => json!({"WWW-Authenticate": {"schema": {"type": "string"}}}),
            _ => json!({}),
        };
        (name.to_owned(), json!({"description": reason, "headers": headers, "content": content}))
    };
    FAILURES.into_iter().map(described).collect()
}

/// Those that can come to a request, by their statuses.
pub(super) fn responses(has_body: bool, shows_token: bool) -> impl Iterator<Item = (String, Value)> {
    let comes = move |to: To| match to {
        To::All => true,
        To::Bodies => has_body,
        To::Tokens => shows_token,
    };
    FAILURES
        .into_iter()
        .filter(move |(_, _, to, _)| comes(*to))
        .map(|(status, name, _, _)| (status.to_string(), json!({"$ref": format!("{RESPONSES}{name}")})))
}

#[cfg(test)]
mod tests {
    use goat::error::http_status;
    use tonic::Code;

    use super::*;

    #[test]
    fn every_code_but_ok_has_its_status_here() {
        let missing: Vec<Code> = (1..=16)
            .map(Code::from_i32)
            .filter(|code| FAILURES.iter().all(|(status, ..)| *status != http_status(*code)))
            .collect();

        assert_eq!(missing, []);
    }

    #[test]
    fn what_comes_to_bodies_and_tokens_alone_is_told_of_them_alone() {
        let statuses = |has_body, shows_token| -> Vec<String> {
            responses(has_body, shows_token).map(|(status, _)| status).collect()
        };

        assert!(
            !statuses(false, false).iter().any(|status| ["401", "413", "415"].contains(&status.as_str()))
        );
        assert_eq!(statuses(true, true).len(), FAILURES.len());
    }
}
