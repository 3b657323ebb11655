//! Requests signed for an account by OAuth 1.0a with HMAC-SHA1 (RFC 5849).
//!
//! A body of JSON is not part of what is signed (3.4.1.3.1): only the method, the address and the parameters are.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use goat::settings::{Secret, X};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// The four credentials.
#[derive(Debug, Clone)]
pub(super) struct Credentials {
    api_key: Secret,
    api_secret: Secret,
    access_token: Secret,
    access_token_secret: Secret,
}

/// What a signature is for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    /// Such as POST.
    pub(super) method: &'a str,
    /// Without a query.
    pub(super) url: &'a str,
    /// Of the query, and of a body that is a form.
    pub(super) parameters: &'a [(&'a str, &'a str)],
}

impl Credentials {
    /// Those of the settings; none when they are not given.
    pub(super) fn of(settings: &X) -> Option<Self> {
        Some(Self {
            api_key: settings.api_key.clone()?,
            api_secret: settings.api_secret.clone()?,
            access_token: settings.access_token.clone()?,
            access_token_secret: settings.access_token_secret.clone()?,
        })
    }

    /// The header `Authorization` of a request. A nonce is used once.
    pub(super) fn authorization(&self, request: Request<'_>, nonce: &str, seconds: i64) -> String {
        let timestamp = seconds.to_string();
        let own = [
            ("oauth_consumer_key", self.api_key.reveal()),
            ("oauth_nonce", nonce),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", timestamp.as_str()),
            ("oauth_token", self.access_token.reveal()),
            ("oauth_version", "1.0"),
        ];
        let signature = self.signature(request, &own);
        let mut fields: Vec<(&str, &str)> = own.to_vec();
        fields.push(("oauth_signature", &signature));
        fields.sort_unstable();
        let fields: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}=\"{}\"", encoded(value))).collect();
        format!("OAuth {}", fields.join(", "))
    }

    fn signature(&self, request: Request<'_>, own: &[(&str, &str)]) -> String {
        let mut pairs: Vec<(String, String)> = request
            .parameters
            .iter()
            .chain(own)
            .map(|(name, value)| (encoded(name), encoded(value)))
            .collect();
        pairs.sort_unstable();
        let pairs: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        let base = format!("{}&{}&{}", request.method, encoded(request.url), encoded(&pairs.join("&")));
        let key =
            format!("{}&{}", encoded(self.api_secret.reveal()), encoded(self.access_token_secret.reveal()));
        // HMAC takes a key of any length.
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(key.as_bytes()) else { return String::new() };
        mac.update(base.as_bytes());
        STANDARD.encode(mac.finalize().into_bytes())
    }
}

/// Percent-encoding as RFC 5849 3.6 wants it: everything but letters, digits, `-`, `.`, `_` and `~`.
pub(super) fn encoded(text: &str) -> String {
    use std::fmt::Write;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            // Writing into a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        serde_json::from_value(serde_json::Value::from(text)).unwrap()
    }

    /// The example of the platform's documentation, "Creating a signature".
    fn documented() -> Credentials {
        Credentials {
            api_key: secret("xvz1evFS4wEEPTGEFPHBog"),
            api_secret: secret("kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw"),
            access_token: secret("370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb"),
            access_token_secret: secret("LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE"),
        }
    }

    fn header(url: &str) -> String {
        let parameters =
            [("status", "Hello Ladies + Gentlemen, a signed OAuth request!"), ("include_entities", "true")];
        let request = Request { method: "POST", url, parameters: &parameters };
        documented().authorization(request, "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg", 1_318_622_958)
    }

    #[test]
    fn the_documented_request_has_the_documented_signature() {
        let first = header("https://api.twitter.com/1/statuses/update.json");
        let second = header("https://api.twitter.com/1.1/statuses/update.json");

        assert!(first.contains("oauth_signature=\"tnnArxj06cWHq44gCs1OSKk%2FjLY%3D\""), "{first}");
        assert!(second.contains("oauth_signature=\"hCtSmYh%2BiHYCEqBWrE7C7hYmtUk%3D\""), "{second}");
        assert!(
            first.starts_with("OAuth oauth_consumer_key=\"xvz1evFS4wEEPTGEFPHBog\", oauth_nonce="),
            "{first}"
        );
    }

    #[test]
    fn the_documented_texts_are_encoded_as_documented() {
        let examples = [
            ("Ladies + Gentlemen", "Ladies%20%2B%20Gentlemen"),
            ("An encoded string!", "An%20encoded%20string%21"),
            ("Dogs, Cats & Mice", "Dogs%2C%20Cats%20%26%20Mice"),
            ("☃", "%E2%98%83"),
        ];
        for (text, expected) in examples {
            assert_eq!(encoded(text), expected);
        }
    }

    #[test]
    fn credentials_do_not_show_themselves() {
        let shown = format!("{:?}", documented());
        assert!(!shown.contains("kAcSOq") && !shown.contains("370773112"), "{shown}");
    }
}
