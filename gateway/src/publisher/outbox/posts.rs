//! Posts and their parts.

use goat::values::UnixMicros;
use rusqlite::{OptionalExtension, Row, params};

use super::{Books, OutboxError, time};
use crate::publisher::delivery::{Delivery, Part, PartState};
use crate::publisher::draft::{PostId, PostKind};

const DAY_MICROS: i64 = 86_400_000_000;

/// Where a post stands as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PostState {
    Preview,
    Composed,
    Sending,
    Sent,
    Refused,
    Unknown,
}

impl PostState {
    const ALL: [Self; 6] =
        [Self::Preview, Self::Composed, Self::Sending, Self::Sent, Self::Refused, Self::Unknown];

    /// As it is asked for.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Preview => "preview",
            Self::Composed => "composed",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
        }
    }

    /// Reads it back.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Of a part.
    pub(crate) fn of(part: &PartState) -> Self {
        match part {
            PartState::Composed => Self::Composed,
            PartState::Sending { .. } => Self::Sending,
            PartState::Sent { .. } => Self::Sent,
            PartState::Unknown { .. } => Self::Unknown,
            PartState::Refused { .. } => Self::Refused,
        }
    }
}

/// A post as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Post {
    pub(crate) number: i64,
    pub(crate) id: String,
    pub(crate) kind: String,
    /// Never sent, because there were no credentials when it was composed.
    pub(crate) is_preview: bool,
    /// By a model.
    pub(crate) is_worded: bool,
    pub(crate) composed_at: UnixMicros,
    pub(crate) sent_at: Option<UnixMicros>,
    pub(crate) delivery: Delivery,
}

impl Post {
    /// Its state: of the first part that is not sent.
    pub(crate) fn state(&self) -> PostState {
        if self.is_preview {
            return PostState::Preview;
        }
        let states = self.delivery.parts.iter().map(|part| PostState::of(&part.state));
        states.into_iter().find(|state| *state != PostState::Sent).unwrap_or(PostState::Sent)
    }
}

/// What waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Waiting {
    /// Posts that are not at their end.
    pub(crate) posts: u32,
    /// Posts that were sent within the last 24 hours.
    pub(crate) sent_within_day: u32,
}

impl Books<'_> {
    /// After a crash: what was under way may have been carried out.
    pub(super) fn recover(&self) -> Result<(), OutboxError> {
        let sql = format!("{COLUMNS} WHERE number IN (SELECT post FROM parts WHERE state = 'sending')");
        let mut statement = self.0.prepare(&sql)?;
        let heads: Vec<Head> = statement.query_map([], head)?.collect::<Result<_, _>>()?;
        for head in heads {
            let mut post = self.whole(head)?;
            post.delivery.recover();
            self.update(&post, false)?;
        }
        Ok(())
    }

    /// Keeps a post, unless there is one of its id. Whether it was kept.
    pub(crate) fn compose(
        &self,
        id: &PostId,
        kind: PostKind,
        texts: &[String],
        is_worded: bool,
        is_preview: bool,
        now: UnixMicros,
    ) -> Result<bool, OutboxError> {
        let kept = self.0.execute(
            "INSERT INTO posts (id, kind, ended, preview, worded, composed_at, failures, trouble)
             VALUES (?1, ?2, ?3, ?3, ?4, ?5, 0, '') ON CONFLICT (id) DO NOTHING",
            params![id.as_str(), kind.as_str(), is_preview, is_worded, now.get()],
        )?;
        if kept == 0 {
            return Ok(false);
        }
        let number = self.0.last_insert_rowid();
        let parts = Delivery::new(texts.to_vec()).parts;
        for (at, part) in parts.iter().enumerate() {
            self.write_part(number, at, part)?;
        }
        Ok(true)
    }

    /// Whether something was composed under an id.
    pub(crate) fn is_composed(&self, id: &PostId) -> Result<bool, OutboxError> {
        let mut statement = self.0.prepare("SELECT 1 FROM posts WHERE id = ?1")?;
        Ok(statement.exists([id.as_str()])?)
    }

    /// The oldest post that is not at its end.
    pub(crate) fn oldest_waiting(&self) -> Result<Option<Post>, OutboxError> {
        let sql = format!("{COLUMNS} WHERE ended = 0 ORDER BY number LIMIT 1");
        let head = self.0.prepare(&sql)?.query_row([], head).optional()?;
        head.map(|head| self.whole(head)).transpose()
    }

    /// How much waits, and how much was sent.
    pub(crate) fn waiting(&self, now: UnixMicros) -> Result<Waiting, OutboxError> {
        let posts = self.0.query_row("SELECT count(*) FROM posts WHERE ended = 0", [], |row| row.get(0))?;
        let since = now.get().saturating_sub(DAY_MICROS);
        let sent =
            self.0.query_row("SELECT count(*) FROM posts WHERE sent_at > ?1", [since], |row| row.get(0))?;
        Ok(Waiting { posts, sent_within_day: sent })
    }

    /// Keeps how far a post has got.
    pub(crate) fn update(&self, post: &Post, is_ended: bool) -> Result<(), OutboxError> {
        let delivery = &post.delivery;
        self.0.execute(
            "UPDATE posts SET ended = ?2, sent_at = ?3, failures = ?4, not_before = ?5, trouble = ?6 WHERE number = ?1",
            params![
                post.number,
                is_ended,
                post.sent_at.map(UnixMicros::get),
                delivery.failures,
                delivery.not_before.map(UnixMicros::get),
                delivery.trouble
            ],
        )?;
        for (at, part) in delivery.parts.iter().enumerate() {
            self.write_part(post.number, at, part)?;
        }
        Ok(())
    }

    /// Posts below a number, newest first.
    pub(crate) fn posts(
        &self,
        below: Option<i64>,
        kind: &str,
        state: Option<PostState>,
        limit: u32,
    ) -> Result<Vec<Post>, OutboxError> {
        let sql = format!("{COLUMNS} WHERE number < ?1 AND (?2 = '' OR kind = ?2) ORDER BY number DESC");
        let mut statement = self.0.prepare(&sql)?;
        let heads = statement.query_map(params![below.unwrap_or(i64::MAX), kind], head)?;
        let mut posts = Vec::new();
        for head in heads {
            let post = self.whole(head?)?;
            if state.is_none_or(|wanted| post.state() == wanted) {
                posts.push(post);
            }
            if posts.len() >= limit as usize {
                break;
            }
        }
        Ok(posts)
    }

    fn whole(&self, mut post: Head) -> Result<Post, OutboxError> {
        let mut statement = self.0.prepare(
            "SELECT text, state, tweet_id, since, is_there, look_ups, reason FROM parts WHERE post = ?1 ORDER BY part",
        )?;
        let mut rows = statement.query([post.number])?;
        while let Some(row) = rows.next()? {
            post.parts.push(Part { text: row.get(0)?, state: part_state(row)? });
        }
        let Head { number, id, kind, is_preview, is_worded, failures, trouble, parts, .. } = post;
        Ok(Post {
            number,
            id,
            kind,
            is_preview,
            is_worded,
            composed_at: time(post.composed_at)?,
            sent_at: post.sent_at.map(time).transpose()?,
            delivery: Delivery {
                parts,
                failures,
                not_before: post.not_before.map(time).transpose()?,
                trouble,
            },
        })
    }

    fn write_part(&self, post: i64, at: usize, part: &Part) -> Result<(), OutboxError> {
        let (mut tweet_id, mut since, mut there, mut looked, mut reason) = ("", None, false, 0, "");
        match &part.state {
            PartState::Composed => {}
            PartState::Sending { since: begun } => since = Some(begun.get()),
            PartState::Sent { id } => tweet_id = id,
            PartState::Unknown { since: begun, is_there, look_ups } => {
                (since, there, looked) = (Some(begun.get()), *is_there, *look_ups);
            }
            PartState::Refused { reason: said } => reason = said,
        }
        self.0.execute(
            "INSERT INTO parts (post, part, text, state, tweet_id, since, is_there, look_ups, reason)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (post, part) DO UPDATE SET state = excluded.state, tweet_id = excluded.tweet_id,
                since = excluded.since, is_there = excluded.is_there, look_ups = excluded.look_ups,
                reason = excluded.reason",
            params![
                post,
                i64::try_from(at).unwrap_or(i64::MAX),
                part.text,
                PostState::of(&part.state).as_str(),
                tweet_id,
                since,
                there,
                looked,
                reason
            ],
        )?;
        Ok(())
    }
}

const COLUMNS: &str = "SELECT number, id, kind, preview, worded, composed_at, sent_at, failures, not_before, trouble FROM posts";

/// A row of `posts`; its parts are read after it.
struct Head {
    number: i64,
    id: String,
    kind: String,
    is_preview: bool,
    is_worded: bool,
    composed_at: i64,
    sent_at: Option<i64>,
    failures: u32,
    not_before: Option<i64>,
    trouble: String,
    parts: Vec<Part>,
}

fn head(row: &Row<'_>) -> rusqlite::Result<Head> {
    Ok(Head {
        number: row.get(0)?,
        id: row.get(1)?,
        kind: row.get(2)?,
        is_preview: row.get(3)?,
        is_worded: row.get(4)?,
        composed_at: row.get(5)?,
        sent_at: row.get(6)?,
        failures: row.get(7)?,
        not_before: row.get(8)?,
        trouble: row.get(9)?,
        parts: Vec::new(),
    })
}

fn part_state(row: &Row<'_>) -> Result<PartState, OutboxError> {
    let written: String = row.get(1)?;
    let since = || -> Result<UnixMicros, OutboxError> {
        let since: Option<i64> = row.get(3)?;
        time(since.ok_or_else(|| OutboxError::Damaged("a part under way has no time".to_owned()))?)
    };
    Ok(match PostState::parse(&written) {
        Some(PostState::Composed) => PartState::Composed,
        Some(PostState::Sending) => PartState::Sending { since: since()? },
        Some(PostState::Sent) => PartState::Sent { id: row.get(2)? },
        Some(PostState::Unknown) => {
            PartState::Unknown { since: since()?, is_there: row.get(4)?, look_ups: row.get(5)? }
        }
        Some(PostState::Refused) => PartState::Refused { reason: row.get(6)? },
        Some(PostState::Preview) | None => {
            return Err(OutboxError::Damaged(format!("a part has the state {written:?}")));
        }
    })
}
