//! A post before it is sent: what it is about, its identity, its text.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::thread::{Unpostable, parts};

/// What a post is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PostKind {
    /// A trade that is over.
    TradeResult,
    /// A trade that goes on.
    OpenPosition,
    /// Traders beside one another.
    Comparison,
    /// The same rules on two exchanges.
    Exchanges,
    /// The last 24 hours.
    Daily,
    /// The last seven days.
    Weekly,
    /// Against holding the coin.
    BuyAndHold,
    /// Nothing new is opened.
    Paused,
    /// Prices.
    Market,
    /// Something to learn.
    Lesson,
}

impl PostKind {
    /// All of them.
    pub(crate) const ALL: [Self; 10] = [
        Self::TradeResult,
        Self::OpenPosition,
        Self::Comparison,
        Self::Exchanges,
        Self::Daily,
        Self::Weekly,
        Self::BuyAndHold,
        Self::Paused,
        Self::Market,
        Self::Lesson,
    ];

    /// As it is written in ids and tables.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::TradeResult => "trade_result",
            Self::OpenPosition => "open_position",
            Self::Comparison => "comparison",
            Self::Exchanges => "exchanges",
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::BuyAndHold => "buy_and_hold",
            Self::Paused => "paused",
            Self::Market => "market",
            Self::Lesson => "lesson",
        }
    }

    /// Whether it tells what came of trades: such a post carries the head of the chain of results.
    pub(crate) const fn tells_results(self) -> bool {
        matches!(
            self,
            Self::TradeResult
                | Self::Comparison
                | Self::Exchanges
                | Self::Daily
                | Self::Weekly
                | Self::BuyAndHold
        )
    }

    /// Reads it back.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// The names of all kinds.
pub(crate) const KINDS: &[&str] = &[
    PostKind::TradeResult.as_str(),
    PostKind::OpenPosition.as_str(),
    PostKind::Comparison.as_str(),
    PostKind::Exchanges.as_str(),
    PostKind::Daily.as_str(),
    PostKind::Weekly.as_str(),
    PostKind::BuyAndHold.as_str(),
    PostKind::Paused.as_str(),
    PostKind::Market.as_str(),
    PostKind::Lesson.as_str(),
];

/// A post's identity: its kind and what it tells of. The same event makes the same id, so it is composed once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct PostId(String);

impl PostId {
    /// The id of a post of a kind about a subject, such as a trade.
    pub(crate) fn new(kind: PostKind, subject: &str) -> Self {
        Self(format!("{}/{subject}", kind.as_str()))
    }

    /// As it is kept.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Eight letters that stand in the text, so that no two posts have the same one and each is found again by it.
    /// Letters only: a digit would look like a figure.
    pub(crate) fn reference(&self) -> String {
        let digest = Sha256::digest(self.0.as_bytes());
        let nibbles = digest.iter().take(4).flat_map(|byte| [byte >> 4, byte & 15]);
        nibbles.map(|nibble| char::from(b'a' + nibble)).collect()
    }
}

/// What is to be told, as paragraphs that are never torn apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Draft {
    pub(crate) id: PostId,
    pub(crate) kind: PostKind,
    /// On every part: which world this is, and that the figures are old.
    pub(crate) label: Option<String>,
    pub(crate) paragraphs: Vec<String>,
    /// The head of the chain of results, as a paragraph of its own that nobody rewords.
    pub(crate) chain: Option<String>,
}

impl Draft {
    /// The parts as they are posted, the reference on the last one.
    ///
    /// # Errors
    ///
    /// When the text cannot be laid out.
    pub(crate) fn parts(&self) -> Result<Vec<String>, Unpostable> {
        let mut paragraphs = self.paragraphs.clone();
        if paragraphs.is_empty() {
            return Err(Unpostable::Empty);
        }
        paragraphs.extend(self.chain.clone());
        paragraphs.push(format!("Ref {}", self.id.reference()));
        let parts = parts(self.label.as_deref(), &paragraphs)?;
        if parts.len() == 1 {
            return Ok(parts);
        }
        // In a thread every part must be found again, so each carries the reference beside its number.
        let (_, told) = paragraphs.split_last().unwrap_or((&String::new(), &[]));
        let label = format!(
            "{}{}",
            self.label.as_ref().map_or(String::new(), |label| format!("{label} · ")),
            self.id.reference()
        );
        super::thread::parts(Some(&label), told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_event_has_one_id_and_another_has_another_reference() {
        let id = PostId::new(PostKind::TradeResult, "log.4711.play");

        assert_eq!(id.as_str(), "trade_result/log.4711.play");
        assert_eq!(id, PostId::new(PostKind::TradeResult, "log.4711.play"));
        assert_ne!(id.reference(), PostId::new(PostKind::TradeResult, "log.4712.play").reference());
        assert!(id.reference().chars().all(|one| one.is_ascii_lowercase()), "{}", id.reference());
    }

    #[test]
    fn kinds_are_read_as_they_are_written() {
        for kind in PostKind::ALL {
            assert_eq!(PostKind::parse(kind.as_str()), Some(kind));
        }
    }

    #[test]
    fn a_short_post_and_every_part_of_a_thread_carry_the_reference() {
        let id = PostId::new(PostKind::Market, "7");
        let mut draft = Draft {
            id: id.clone(),
            kind: PostKind::Market,
            label: None,
            paragraphs: vec!["short".to_owned()],
            chain: None,
        };
        assert_eq!(draft.parts().unwrap(), [format!("short\nRef {}", id.reference())]);

        draft.chain = Some("Chain of a day".to_owned());
        draft.paragraphs = vec!["long ".repeat(40), "more ".repeat(40)];
        let parts = draft.parts().unwrap();

        assert_eq!(parts.len(), 2);
        assert_eq!(parts.iter().filter(|part| part.contains("Chain of a day")).count(), 1, "{parts:?}");
        assert!(parts.iter().all(|part| part.contains(&id.reference())), "{parts:?}");
    }
}
