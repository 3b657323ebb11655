//! What a document shows as an answer, held against the one that came.

use std::collections::BTreeSet;

use serde_json::{Deserializer, Value};

/// A refusal, as the gateway writes it.
const REFUSAL: &str = "{\"code\":";

/// Fails when an answer refuses, and the document does not show that.
pub(super) fn assert_not_refused(output: &str, shown: Option<&str>, place: &str) {
    let expected = shown.is_some_and(|shown| shown.contains("\"code\""));
    assert!(expected || !output.contains(REFUSAL), "{place} was refused:\n{output}");
}

/// Fails unless some answer in the output is as shown.
pub(super) fn assert_answered(output: &str, shown: &str, place: &str) {
    let shown: Value = serde_json::from_str(shown).unwrap_or_else(|error| panic!("{place}: {error}"));
    let answers = answers(output);
    assert!(
        answers.iter().any(|answer| is_like(answer, &shown)),
        "{place}: nothing is like {shown}:\n{output}"
    );
}

/// Fails unless every word that is shown was printed.
pub(super) fn assert_printed(output: &str, shown: &str, place: &str) {
    let printed = words(output);
    let missing: Vec<_> = words(shown).into_iter().filter(|word| !printed.contains(word)).collect();
    assert!(missing.is_empty(), "{place}: {missing:?} were not printed:\n{output}");
}

fn words(text: &str) -> BTreeSet<&str> {
    let is_of_a_word = |sign: char| sign.is_alphabetic() || matches!(sign, '-' | '_');
    text.split(|sign| !is_of_a_word(sign)).filter(|word| word.len() > 2).collect()
}

/// Every object in a text, in the order of their beginnings.
fn answers(output: &str) -> Vec<Value> {
    let (mut found, mut rest) = (Vec::new(), output);
    while let Some(begin) = rest.find('{') {
        rest = &rest[begin..];
        let mut values = Deserializer::from_str(rest).into_iter::<Value>();
        if let Some(Ok(value)) = values.next() {
            found.push(value);
            rest = &rest[values.byte_offset()..];
        } else {
            rest = &rest[1..];
        }
    }
    found
}

fn is_like(answer: &Value, shown: &Value) -> bool {
    match (answer, shown) {
        (Value::Object(answer), Value::Object(shown)) => {
            shown.iter().all(|(key, shown)| answer.get(key).is_some_and(|answer| is_like(answer, shown)))
        }
        (Value::Array(answer), Value::Array(shown)) => {
            shown.iter().all(|shown| answer.iter().any(|answer| is_like(answer, shown)))
        }
        (Value::Number(_), Value::Number(number)) if number.as_u64() == Some(0) => true,
        (answer, Value::String(text)) if text == "…" => !answer.is_null(),
        (answer, shown) => answer == shown,
    }
}

#[test]
fn an_answer_is_like_what_is_shown_when_it_has_that() {
    let output = "one {\"a\":{\"b\":7,\"c\":\"x\"},\"d\":[]}{\"rows\":[{\"n\":1}]} two";

    assert_answered(output, "{\"a\": {\"b\": 0, \"c\": \"…\"}}", "here");
    assert_answered(output, "{\"rows\": [{\"n\": 1}]}", "here");
    assert!(!is_like(&answers(output)[0], &serde_json::json!({"a": {"e": "…"}})));
    assert!(!is_like(&answers(output)[1], &serde_json::json!({"rows": [{"n": 2}]})));
    assert_eq!(words("hot 12, sol_trades: {an}"), BTreeSet::from(["hot", "sol_trades"]));
}
