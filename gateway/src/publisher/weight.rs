//! How long a text is for X, which counts weights and not characters.
//!
//! By version 3 of the `twitter-text` configuration: 280 at most; characters of four ranges weigh one, all others two;
//! an emoji weighs two however many code points it has; an address weighs 23. Counted after composition (NFC).

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// The longest post.
pub(crate) const WEIGHT_MAX: usize = 280;
const URL_WEIGHT: usize = 23;
const LIGHT: [std::ops::RangeInclusive<u32>; 4] = [0..=4351, 8192..=8205, 8208..=8223, 8242..=8247];
/// Top-level domains that make an address of a word without a scheme, beside those of two letters. X knows all of
/// them; a word of another one is counted as the heavier of the two, so that nothing is ever counted too light.
const DOMAINS: [&str; 12] =
    ["com", "org", "net", "info", "biz", "app", "dev", "xyz", "finance", "exchange", "online", "tech"];

/// The longest part of a host's name.
const LABEL_CHARS_MAX: usize = 63;

/// The weighted length of a text.
pub(crate) fn weight(text: &str) -> usize {
    let composed: String = text.nfc().collect();
    composed.split_inclusive(char::is_whitespace).map(weight_of_word).sum()
}

/// A word with the blank after it.
fn weight_of_word(word: &str) -> usize {
    let bare = word.trim_end_matches(char::is_whitespace);
    let after: usize = word[bare.len()..].graphemes(true).map(weight_of_cluster).sum();
    let plain: usize = bare.graphemes(true).map(weight_of_cluster).sum();
    let weight = match address(bare) {
        Address::None => plain,
        Address::Whole { around } => URL_WEIGHT + around,
        Address::Likely { around } => plain.max(URL_WEIGHT + around),
    };
    weight + after
}

/// What a word is beside the address that it may hold.
enum Address {
    None,
    /// An address, and the weight of what stands before and after it.
    Whole {
        around: usize,
    },
    /// Perhaps one.
    Likely {
        around: usize,
    },
}

fn address(word: &str) -> Address {
    let lower = word.to_lowercase();
    let around = |from: usize, to: usize| -> usize {
        let outside = [word.get(..from), word.get(to..)];
        outside.into_iter().flatten().flat_map(|part| part.graphemes(true)).map(weight_of_cluster).sum()
    };
    for scheme in ["https://", "http://"] {
        if let Some(from) = lower.find(scheme).filter(|from| word.is_char_boundary(*from)) {
            let to = word.trim_end_matches(|last: char| ".,;:!?)\"'…".contains(last)).len();
            if to > from + scheme.len() {
                return Address::Whole { around: around(from, to) };
            }
        }
    }
    let trimmed = |last: char| !last.is_alphanumeric();
    let core = word.trim_matches(trimmed);
    let from = word.len() - word.trim_start_matches(trimmed).len();
    let host = core.split(['/', '?']).next().unwrap_or_default();
    let Some((name, domain)) = host.rsplit_once('.') else { return Address::None };
    let is_label = |label: &str| {
        (1..=LABEL_CHARS_MAX).contains(&label.chars().count())
            && label.chars().all(|one| one.is_alphanumeric() || one == '-')
    };
    let is_name = name.split('.').all(is_label);
    let is_domain = domain.len() >= 2 && domain.chars().all(char::is_alphabetic);
    if !is_name || !is_domain {
        return Address::None;
    }
    let around = around(from, from + core.len());
    let domain = domain.to_lowercase();
    if domain.len() == 2 || DOMAINS.contains(&domain.as_str()) {
        Address::Whole { around }
    } else {
        Address::Likely { around }
    }
}

fn weight_of_cluster(cluster: &str) -> usize {
    if is_emoji(cluster) {
        return 2;
    }
    let is_light = |one: char| LIGHT.iter().any(|range| range.contains(&u32::from(one)));
    cluster.chars().map(|one| if is_light(one) { 1 } else { 2 }).sum()
}

fn is_emoji(cluster: &str) -> bool {
    const SHOWN_AS_EMOJI: char = '\u{fe0f}';
    const KEY: char = '\u{20e3}';
    let is_pictograph = |one: char| matches!(u32::from(one), 0x1_f000..=0x1_faff | 0x2600..=0x27bf);
    cluster.chars().any(|one| one == SHOWN_AS_EMOJI || one == KEY || is_pictograph(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Conformance vectors of `twitter-text` (validate.yml: weighted tweets with discounted emoji, and addresses).
    #[test]
    fn texts_weigh_what_the_published_vectors_say() {
        let addresses = "https://www.twitter.com/aloha ".repeat(10);
        let long = format!("285 chars-{}", "xxxxxxxxxx-".repeat(25));
        let vectors = [
            ("This is a test.", 15),
            ("Hi http://test.co", 26),
            ("http://test.co", 23),
            ("Test https://test.com test https://test.com test.com test", 86),
            (&long, 285),
            (&addresses, 240),
            ("H🐱☺👨‍👩‍👧‍👦", 7),
            ("😷👾😡🔥💩", 10),
            ("🙋🏽👨‍🎤", 4),
            ("1⃣", 2),
            ("Unicode 9.0 emoji: 🤠; 💃; 💃🏾", 29),
            ("Unicode 10.0 emoji: 🤪; 🧕; 🧕🏾; 🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}", 34),
            ("randomurlrandomurlrandomurlrandomurlrandomurlrandomurlrandomurls.com", 68),
            ("example.com", 23),
            ("foo.co.jp", 23),
            ("A\u{301}B", 2),
            ("のの", 4),
        ];

        for (text, expected) in vectors {
            assert_eq!(weight(text), expected, "{text}");
        }
    }

    #[test]
    fn dots_of_numbers_and_sentences_make_no_address() {
        assert_eq!(weight("Entry $133.500, exit $134.10."), 29);
        assert_eq!(weight("The end. Another one."), 21);
    }

    #[test]
    fn a_word_that_may_be_an_address_is_never_counted_too_light() {
        assert_eq!(weight("a.banana"), URL_WEIGHT);
        assert_eq!(weight("(example.com)"), URL_WEIGHT + 2);
    }
}
