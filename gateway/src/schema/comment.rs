//! What the schema says about itself, in its comments.

use std::collections::BTreeMap;

use prost_reflect::{DescriptorPool, FileDescriptor};

/// The comments above messages, fields, enums, values and RPCs.
#[derive(Debug, Default)]
pub(crate) struct Comments(BTreeMap<String, BTreeMap<Vec<i32>, String>>);

impl Comments {
    /// Collects them from every file that was encoded with its source.
    pub(crate) fn of(pool: &DescriptorPool) -> Self {
        let in_file = |file: FileDescriptor| {
            let places =
                file.file_descriptor_proto().source_code_info.iter().flat_map(|source| &source.location);
            let comments = places
                .filter_map(|place| Some((place.path.clone(), plain(place.leading_comments.as_deref()?))));
            (file.name().to_owned(), comments.collect())
        };
        Self(pool.files().map(in_file).collect())
    }

    /// The comment above what stands at `path` in `file`; empty when there is none.
    pub(crate) fn at(&self, file: &FileDescriptor, path: &[i32]) -> &str {
        self.0.get(file.name()).and_then(|comments| comments.get(path)).map_or("", String::as_str)
    }
}

/// The first sentence of a comment, on one line and without its full stop.
pub(crate) fn summary(comment: &str) -> String {
    let paragraph = comment.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    let sentence = paragraph.split_once(". ").map_or(paragraph.as_str(), |(sentence, _)| sentence);
    sentence.trim_end_matches('.').to_owned()
}

/// A comment as it reads, without the space that follows each `//`.
fn plain(comment: &str) -> String {
    let lines: Vec<&str> =
        comment.lines().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end()).collect();
    lines.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_is_the_first_sentence_on_one_line() {
        let comment = "Streams the log from a position on,\nthen follows it. And more.\n\nFails never.";

        assert_eq!(summary(comment), "Streams the log from a position on, then follows it");
        assert_eq!(summary(""), "");
    }

    #[test]
    fn a_comment_loses_the_space_after_its_slashes_and_keeps_its_paragraphs() {
        assert_eq!(plain(" One.\n\n Two.\n"), "One.\n\nTwo.");
    }
}
