//! A document and its blocks.

use std::path::{Path, PathBuf};

/// A document of the guide, or the README.
#[derive(Debug)]
pub(crate) struct Document {
    /// Such as `tour.md`; the guide's own README is its list and shows no command.
    pub(crate) name: String,
    pub(crate) blocks: Vec<Block>,
}

/// What stands between two fences.
#[derive(Debug)]
pub(crate) struct Block {
    /// What it is written in.
    pub(crate) language: String,
    pub(crate) text: String,
    /// Where it begins, counted from 1.
    pub(crate) line: usize,
}

impl Block {
    /// Whether it is a shell's and no other test runs it.
    pub(crate) fn is_run_here(&self) -> bool {
        let asks_services = self.text.lines().all(|line| line.starts_with("grpcurl "));
        self.language == "sh" && !asks_services && !self.text.contains("x-qn-signature")
    }
}

/// README and guide, by name.
pub(crate) fn documents() -> Vec<Document> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(root.join("gateway/guide"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "md") && !path.ends_with("README.md"))
        .collect();
    paths.push(root.join("README.md"));
    paths.sort();
    let documents: Vec<Document> = paths
        .iter()
        .map(|path| Document {
            name: path.file_name().unwrap().to_string_lossy().into_owned(),
            blocks: blocks(&std::fs::read_to_string(path).unwrap()),
        })
        .collect();
    assert!(documents.len() > 8, "the guide is somewhere else");
    documents
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for (number, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), blocks.last_mut().filter(|_| open)) {
            (Some(""), Some(_)) => open = false,
            (Some(language), None) => {
                blocks.push(Block { language: language.to_owned(), text: String::new(), line: number + 1 });
                open = true;
            }
            (None, Some(block)) => block.text.extend([line, "\n"]),
            (None, None) => {}
            (Some(_), Some(block)) => {
                panic!("line {}: a fence inside that of line {}", number + 1, block.line)
            }
        }
    }
    assert!(!open, "a block is not closed");
    blocks
}
