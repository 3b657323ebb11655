//! How a receiver knows that a message is ours and of now.

use goat::settings::Secret;
use goat::values::UnixMicros;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use sha2::Sha256;

use super::Undelivered;

/// `x-goat-timestamp`, in seconds, and `x-goat-signature`: `sha256=` and the HMAC of timestamp, dot and body in hex.
pub(super) fn headers(secret: &Secret, body: &str, now: UnixMicros) -> Result<HeaderMap, Undelivered> {
    let timestamp = (now.get() / 1_000_000).to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes())
        .map_err(|error| Undelivered::later(error.to_string()))?;
    mac.update(format!("{timestamp}.{body}").as_bytes());
    let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    let mut headers = HeaderMap::new();
    for (name, value) in [("x-goat-timestamp", timestamp), ("x-goat-signature", signature)] {
        let value = HeaderValue::from_str(&value).map_err(|error| Undelivered::later(error.to_string()))?;
        headers.insert(HeaderName::from_static(name), value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By `printf '1000.{"a":1}' | openssl dgst -sha256 -hmac secret`.
    #[test]
    fn the_signature_is_that_of_timestamp_and_body() {
        let secret: Secret = serde_json::from_value("secret".into()).unwrap();

        let headers = headers(&secret, r#"{"a":1}"#, UnixMicros::from_seconds(1000).unwrap()).unwrap();

        assert_eq!(headers["x-goat-timestamp"], "1000");
        assert_eq!(
            headers["x-goat-signature"],
            "sha256=79735020b7448fd0956ae8a025e12d8e8e654b3b2d7757e722076546bb0f8e3b"
        );
    }
}
