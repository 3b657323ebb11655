//! Words of others, made safe to be shown.

/// The longest name that is shown.
const NAME_CHARS_MAX: usize = 40;
/// The longest reason that is shown.
const REASON_CHARS_MAX: usize = 120;

/// A name as it may stand in a post: letters, digits, blanks, `-` and `_`. So it mentions nobody, tags nothing, makes
/// no address, and breaks no line.
pub(crate) fn name(text: &str) -> String {
    let kept = |one: char| one.is_alphanumeric() || matches!(one, '-' | '_');
    let name = squeezed(text, kept, NAME_CHARS_MAX);
    if name.is_empty() { "unnamed".to_owned() } else { name }
}

/// A sentence of an operator: as a name, with commas, colons and percent signs, and without the end of a sentence.
pub(crate) fn reason(text: &str) -> String {
    let kept = |one: char| one.is_alphanumeric() || matches!(one, '-' | '_' | ',' | ':' | '%' | '\'' | ';');
    squeezed(text, kept, REASON_CHARS_MAX)
}

/// A sentence for the operator alone: one line, without control characters, and not too long.
pub(crate) fn line(text: &str) -> String {
    const CHARS_MAX: usize = 500;
    let blanked: String = text.chars().map(|one| if one.is_control() { ' ' } else { one }).collect();
    blanked.chars().take(CHARS_MAX).collect()
}

/// Everything else becomes a blank, and blanks become one.
fn squeezed(text: &str, kept: impl Fn(char) -> bool, chars_max: usize) -> String {
    let blanked: String = text.chars().map(|one| if kept(one) { one } else { ' ' }).collect();
    let words: Vec<&str> = blanked.split_whitespace().collect();
    let joined = words.join(" ");
    if joined.chars().count() <= chars_max {
        return joined;
    }
    let cut: String = joined.chars().take(chars_max - 1).collect();
    format!("{}…", cut.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_mentions_nobody_and_links_to_nothing() {
        assert_eq!(
            name("@elon #moon $SOL https://evil.example/x\nline"),
            "elon moon SOL https evil example x line"
        );
        assert_eq!(name("\u{202e}\u{0}"), "unnamed");
        assert_eq!(name(&"a".repeat(50)).chars().count(), 40);
    }

    #[test]
    fn a_reason_stays_a_sentence() {
        assert_eq!(reason("too hot: -5% today, stop. @all"), "too hot: -5% today, stop all");
    }
}
