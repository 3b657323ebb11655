//! A text as one post, or as a thread of posts that each are short enough.

use super::weight::{WEIGHT_MAX, weight};

/// Posts of the longest thread; what tells more is refused when it is composed.
const PARTS_MAX: usize = 9;
/// What a marker takes at the end of a part: ` 1/9`, on a line of its own.
const MARKER_WEIGHT: usize = 4;

/// A text cannot be posted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unpostable {
    /// A paragraph alone weighs more than a post may.
    #[error("a paragraph weighs {weight}, more than a part of a thread may")]
    Paragraph {
        /// What it weighs.
        weight: usize,
    },
    /// More parts than a thread may have.
    #[error("the thread would have {parts} parts, more than {PARTS_MAX}")]
    TooLong {
        /// How many it would have.
        parts: usize,
    },
    /// Nothing at all.
    #[error("there is no text")]
    Empty,
}

/// Lays paragraphs out. Each part begins with `label`, when there is one, so that no part can be read without it; a
/// paragraph is never torn. The last paragraph of all, such as a reference, stands on the last part.
///
/// # Errors
///
/// When a paragraph weighs too much for a part, or there are too many parts.
pub(crate) fn parts(label: Option<&str>, paragraphs: &[String]) -> Result<Vec<String>, Unpostable> {
    let head = label.map_or_else(String::new, |label| format!("[{label}]"));
    let whole = joined(&head, paragraphs);
    if paragraphs.is_empty() {
        return Err(Unpostable::Empty);
    }
    if weight(&whole) <= WEIGHT_MAX {
        return Ok(vec![whole]);
    }
    let room = WEIGHT_MAX - MARKER_WEIGHT;
    let mut bodies: Vec<String> = Vec::new();
    let mut taken: Vec<String> = Vec::new();
    for paragraph in paragraphs {
        taken.push(paragraph.clone());
        if weight(&joined(&head, &taken)) <= room {
            continue;
        }
        taken.pop();
        if !taken.is_empty() {
            bodies.push(joined(&head, &taken));
        }
        taken = vec![paragraph.clone()];
        let alone = weight(&joined(&head, &taken));
        if alone > room {
            return Err(Unpostable::Paragraph { weight: alone });
        }
    }
    bodies.push(joined(&head, &taken));
    let count = bodies.len();
    if count > PARTS_MAX {
        return Err(Unpostable::TooLong { parts: count });
    }
    Ok(bodies.into_iter().enumerate().map(|(at, body)| format!("{body}\n{}/{count}", at + 1)).collect())
}

fn joined(head: &str, paragraphs: &[String]) -> String {
    let lines = std::iter::once(head).chain(paragraphs.iter().map(String::as_str));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_fits_is_one_post_with_its_label() {
        let text = parts(Some("SIMULATED"), &["one".to_owned(), "two".to_owned()]).unwrap();

        assert_eq!(text, ["[SIMULATED]\none\ntwo"]);
    }

    #[test]
    fn every_part_of_a_thread_is_labelled_and_numbered() {
        let paragraphs: Vec<String> = ["a", "b", "c"].iter().map(|word| word.repeat(150)).collect();

        let text = parts(Some("SIMULATED"), &paragraphs).unwrap();

        assert_eq!(text.len(), 3);
        assert!(text.iter().all(|part| part.starts_with("[SIMULATED]\n")));
        assert!(text[2].ends_with("\n3/3"), "{}", text[2]);
    }

    #[test]
    fn what_cannot_be_laid_out_is_refused() {
        assert!(matches!(parts(None, &["a".repeat(281)]), Err(Unpostable::Paragraph { weight: 281 })));
        assert_eq!(parts(None, &[]), Err(Unpostable::Empty));
        let many = vec!["a".repeat(270); 10];
        assert_eq!(parts(None, &many), Err(Unpostable::TooLong { parts: 10 }));
    }

    proptest! {
        /// Whatever the paragraphs, no part is too heavy, and together they tell each paragraph once and in order.
        #[test]
        fn parts_are_short_enough_and_lose_nothing(
            paragraphs in prop::collection::vec("[a-z •→字]{1,120}", 1..12), labelled: bool
        ) {
            let paragraphs: Vec<String> =
                paragraphs.into_iter().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect();
            let Ok(parts) = parts(labelled.then_some("RECORDED"), &paragraphs) else { return Ok(()) };
            let count = parts.len();
            let mut told = Vec::new();
            for (at, part) in parts.iter().enumerate() {
                prop_assert!(weight(part) <= WEIGHT_MAX);
                let marker = format!("{}/{count}", at + 1);
                let lines = part.lines().filter(|line| *line != "[RECORDED]" && (count == 1 || *line != marker));
                told.extend(lines.map(str::to_owned));
            }
            prop_assert_eq!(told, paragraphs);
        }
    }
}
