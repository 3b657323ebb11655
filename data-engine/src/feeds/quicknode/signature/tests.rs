use axum::http::{HeaderName, HeaderValue};
use proptest::prelude::*;

use super::*;

const TOKEN: &str = "qnsec_MTIzNDU2Nzg5MA==";
const BODY: &[u8] = br#"{"matchedTransactions":[]}"#;
/// printf '%s' 'n-01763995639{"matchedTransactions":[]}' | openssl dgst -sha256 -hmac "$TOKEN"
const DIGEST: &str = "ab63e1eca4d1db26926ac37eb81f5ec14c3e241755efb4e2f1823d68256e396a";

fn secrets(tokens: &[&str]) -> Vec<Secret> {
    serde_json::from_value(serde_json::json!(tokens)).unwrap()
}

fn tokens(tokens: &[&str]) -> Tokens {
    Tokens::new(&secrets(tokens)).unwrap()
}

fn headers(nonce: &str, timestamp: &str, signature: &str) -> HeaderMap {
    [(NONCE, nonce), (TIMESTAMP, timestamp), (SIGNATURE, signature)]
        .into_iter()
        .map(|(name, value)| {
            (HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap())
        })
        .collect()
}

fn signed() -> Signed {
    Signed::read(&headers("n-0", "1763995639", DIGEST)).unwrap()
}

#[test]
fn a_signature_that_openssl_made_is_accepted_with_either_token_and_in_either_form() {
    let digest_in_capitals = DIGEST.to_uppercase();
    for signature in [DIGEST, &format!("sha256={DIGEST}"), &digest_in_capitals] {
        let signed = Signed::read(&headers("n-0", "1763995639", signature)).unwrap();
        for set in [&[TOKEN][..], &["another token of ours", TOKEN], &[TOKEN, "another token of ours"]] {
            assert_eq!(tokens(set).verify(&signed, BODY), Ok(()));
        }
    }
}

#[test]
fn whatever_is_changed_is_noticed() {
    let (ours, bad) = (tokens(&[TOKEN]), Err(Untrusted::BadSignature));
    assert_eq!(tokens(&["another token of ours"]).verify(&signed(), BODY), bad);
    assert_eq!(ours.verify(&signed(), &BODY[1..]), bad);
    assert_eq!(ours.verify(&Signed { nonce: "n-1".to_owned(), ..signed() }, BODY), bad);
    assert_eq!(ours.verify(&Signed { timestamp: 1_763_995_640, ..signed() }, BODY), bad);
    assert_eq!(ours.verify(&Signed { signature: [0; SIGNATURE_BYTES], ..signed() }, BODY), bad);
    assert!(Tokens::new(&[]).is_none());
}

#[test]
fn the_end_of_a_nonce_cannot_be_moved_into_the_timestamp() {
    for (nonce, timestamp) in [("n-", "01763995639"), ("n-0", "+1763995639"), ("n-0", "1763995639 ")] {
        let read = Signed::read(&headers(nonce, timestamp, DIGEST));
        assert_eq!(read, Err(Untrusted::UnreadableHeader(TIMESTAMP)), "{timestamp}");
    }
}

#[test]
fn a_header_that_is_missing_twice_there_or_unreadable_is_named() {
    assert!(is_unsigned(&HeaderMap::new()));
    for name in [NONCE, TIMESTAMP, SIGNATURE] {
        let mut without = headers("n-0", "1763995639", DIGEST);
        without.remove(name);
        assert_eq!(Signed::read(&without), Err(Untrusted::MissingHeader(name)));
        assert!(!is_unsigned(&without));
        let mut twice = headers("n-0", "1763995639", DIGEST);
        let again = twice[name].clone();
        twice.append(name, again);
        assert_eq!(Signed::read(&twice), Err(Untrusted::UnreadableHeader(name)));
    }
    for (name, nonce, timestamp, signature) in [
        (NONCE, "", "1763995639", DIGEST),
        (NONCE, "a b", "1763995639", DIGEST),
        (NONCE, "é", "1763995639", DIGEST),
        (NONCE, &"n".repeat(257), "1763995639", DIGEST),
        (TIMESTAMP, "n-0", "-5", DIGEST),
        (TIMESTAMP, "n-0", "99999999999999999999", DIGEST),
        (SIGNATURE, "n-0", "1763995639", "sha256="),
        (SIGNATURE, "n-0", "1763995639", &DIGEST[2..]),
        (SIGNATURE, "n-0", "1763995639", &DIGEST.replace('a', "g")),
    ] {
        assert_eq!(
            Signed::read(&headers(nonce, timestamp, signature)),
            Err(Untrusted::UnreadableHeader(name))
        );
    }
}

#[test]
fn a_timestamp_is_fresh_within_the_window_on_both_sides() {
    let window = Duration::from_mins(5);
    for (apart, expected) in [
        (-301, Err(Untrusted::StaleTimestamp)),
        (-300, Ok(())),
        (0, Ok(())),
        (300, Ok(())),
        (301, Err(Untrusted::StaleTimestamp)),
    ] {
        let now = UnixMicros::from_seconds(1_763_995_639 + apart).unwrap();
        assert_eq!(signed().fresh(now, window), expected, "{apart}");
    }
}

proptest! {
    /// Whatever the headers hold, they are read or refused, and what was not signed is not believed.
    #[test]
    fn no_headers_are_believed_that_were_not_signed(nonce in "[!-~]{0,300}", timestamp in "[0-9+-]{0,20}", digits in "[0-9a-fg]{60,68}") {
        if let Ok(signed) = Signed::read(&headers(&nonce, &timestamp, &digits)) {
            prop_assert_eq!(tokens(&[TOKEN]).verify(&signed, BODY), Err(Untrusted::BadSignature));
        }
    }
}
