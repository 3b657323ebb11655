//! Looks at the engines, and composes posts and alerts from what they say.

use std::collections::BTreeMap;

use goat::service::Stop;
use goat::values::UnixMicros;
use goat::wire::market::Mode;
use goat::wire::trading::GetStatusResponse;
use metrics::counter;

use super::{Shared, TURN, pause};
use crate::alerts::watch::Watch;
use crate::measure::POSTS_COMPOSED;
use crate::publisher::desk::{Desk, Effect, Event};
use crate::publisher::draft::{Draft, PostKind};
use crate::publisher::facts::{Facts, World};
use crate::publisher::gather::Condition;
use crate::publisher::outbox::{Books, OutboxError};
use crate::publisher::track::{Followed, Track, TrackTrades};
use crate::publisher::wording::Wording;

mod alerting;
mod telling;

const FOLLOWED: &str = "followed";
const FOLLOWED_TRADES: &str = "followed_trades";
const WATCH: &str = "watch";

/// Why a look did not come to its end.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("{0}")]
    Engines(String),
    #[error(transparent)]
    Outbox(#[from] OutboxError),
}

/// Composes.
pub(super) struct Composer {
    shared: Shared,
    wording: Option<Wording>,
    track: Track,
    track_trades: TrackTrades,
    /// When what a strategy holds was opened, of those that were told.
    entries: BTreeMap<String, UnixMicros>,
    watch: Option<Watch>,
}

impl Composer {
    pub(super) fn new(shared: Shared, wording: Option<Wording>) -> Self {
        Self {
            shared,
            wording,
            track: Track::default(),
            track_trades: TrackTrades::default(),
            entries: BTreeMap::new(),
            watch: None,
        }
    }

    /// Looks again and again until stopped.
    pub(super) async fn run(mut self, stop: Stop) {
        loop {
            let looked = tokio::select! {
                looked = self.look() => looked,
                () = stop.cancelled() => return,
            };
            match looked {
                Ok(()) => self.shared.note("", UnixMicros::now()),
                Err(Trouble::Engines(reason)) => self.shared.note(&reason, UnixMicros::now()),
                Err(Trouble::Outbox(error)) => tracing::error!(%error, "nothing can be composed"),
            }
            if !pause(self.shared.poll(), &stop).await {
                return;
            }
        }
    }

    async fn look(&mut self) -> Result<(), Trouble> {
        let condition = self.shared.engines.condition().await;
        self.check_upstreams(&condition).await?;
        let followed = match &condition.trading {
            Ok(status) if !status.log_id.is_empty() => Some((self.followed(FOLLOWED, status).await?, status)),
            _ => None,
        };
        let positions = match &followed {
            Some((followed, _)) => self.shared.engines.positions(followed.settled_below).await,
            None => Err(condition
                .trading
                .as_ref()
                .err()
                .cloned()
                .unwrap_or_else(|| "the trading-engine follows no log yet".to_owned())),
        };
        let strategies = self.shared.engines.strategies().await;
        self.alert(&condition, positions.as_deref().unwrap_or_default(), strategies.as_deref().ok()).await?;
        if let (Some((followed, status)), Ok(positions), Ok(strategies)) = (followed, &positions, &strategies)
        {
            let log = followed.log.clone();
            self.tell_entries(status, strategies).await?;
            self.tell(followed, status, &condition, positions, strategies).await?;
            self.tell_cool_offs(&log, &condition, strategies).await?;
        }
        self.tell_pause(&condition).await?;
        self.tick(&condition).await?;
        positions.and(strategies).map(|_| ()).map_err(Trouble::Engines)
    }

    async fn facts(&self, condition: &Condition) -> Result<Facts, Trouble> {
        self.shared.engines.facts(condition).await.map_err(Trouble::Engines)
    }

    /// The log that is followed; a new one begins now. `key`: of what.
    async fn followed(&mut self, key: &'static str, status: &GetStatusResponse) -> Result<Followed, Trouble> {
        let kept: Option<Followed> = self.shared.outbox.with(move |books| books.remembered(key)).await?;
        if let Some(followed) = kept.filter(|followed| followed.log == status.log_id) {
            return Ok(followed);
        }
        let as_of = status.cursor_event_time.and_then(|time| UnixMicros::try_from(time).ok());
        let as_of =
            as_of.ok_or_else(|| Trouble::Engines("the trading-engine has seen no event yet".to_owned()))?;
        self.track = Track::default();
        self.track_trades = TrackTrades::default();
        let followed = Followed::begin(&status.log_id, as_of, self.shared.settings.publisher.history_hours);
        let begun = followed.clone();
        self.shared.outbox.with(move |books| books.remember(key, &begun)).await?;
        Ok(followed)
    }

    /// A slot may have come.
    async fn tick(&self, condition: &Condition) -> Result<(), Trouble> {
        let now = UnixMicros::now();
        let is_early = self.shared.desk.lock().await.next_slot_at().is_some_and(|at| now < at);
        if is_early || !self.shared.switch.is_open() {
            return Ok(());
        }
        let waiting = self.shared.outbox.with(move |books| books.waiting(now)).await?;
        // Without the engines there are still lessons.
        let facts = if waiting.posts == 0 { self.facts(condition).await.ok() } else { None };
        let event = Event::Tick {
            facts: facts.as_ref(),
            waiting: waiting.posts,
            sent_within_day: waiting.sent_within_day,
        };
        self.handle(&event).await
    }

    /// Does what the desk says, and keeps its turn with it.
    async fn handle(&self, event: &Event<'_>) -> Result<(), Trouble> {
        let now = UnixMicros::now();
        let mut desk = self.shared.desk.lock().await;
        // Decided on a copy: what cannot be kept has not happened.
        let mut decided = desk.clone();
        let effects = decided.handle(event, now);
        let mut composed = Vec::new();
        for effect in effects {
            if let Effect::Compose(draft) = effect {
                composed.extend(self.written(draft).await?);
            }
        }
        self.keep(&decided, composed, now).await?;
        *desk = decided;
        Ok(())
    }

    async fn keep(&self, desk: &Desk, composed: Vec<Written>, now: UnixMicros) -> Result<(), Trouble> {
        let (turn, is_preview) = (desk.turn.clone(), self.shared.dry_run);
        let kept = self.shared.outbox.with(move |books: &Books<'_>| {
            let mut kinds = Vec::new();
            for Written { draft, texts, is_worded } in composed {
                if books.compose(&draft.id, draft.kind, &texts, is_worded, is_preview, now)? {
                    kinds.push(draft.kind);
                }
            }
            books.remember(TURN, &turn)?;
            Ok(kinds)
        });
        for kind in kept.await? {
            counter!(POSTS_COMPOSED, "kind" => kind.as_str()).increment(1);
        }
        Ok(())
    }

    /// A draft as texts, worded by the model where there is one. None when it was composed before, or cannot be laid out.
    async fn written(&self, draft: Draft) -> Result<Option<Written>, Trouble> {
        let id = draft.id.clone();
        if self.shared.outbox.with(move |books| books.is_composed(&id)).await? {
            return Ok(None);
        }
        if let Some(wording) =
            self.wording.as_ref().filter(|_| self.shared.switch.is_open() && draft.kind != PostKind::Lesson)
        {
            let reworded = wording.reword(&draft).await;
            match reworded.and_then(|draft| {
                draft.parts().map(|texts| (draft, texts)).map_err(|error| error.to_string())
            }) {
                Ok((draft, texts)) => return Ok(Some(Written { draft, texts, is_worded: true })),
                Err(reason) => tracing::info!(post = draft.id.as_str(), reason, "the template is used"),
            }
        }
        match draft.parts() {
            Ok(texts) => Ok(Some(Written { draft, texts, is_worded: false })),
            Err(reason) => {
                tracing::error!(post = draft.id.as_str(), %reason, "a post cannot be laid out");
                Ok(None)
            }
        }
    }
}

/// A draft with the texts of its parts.
struct Written {
    draft: Draft,
    texts: Vec<String>,
    is_worded: bool,
}

fn world_of(status: &GetStatusResponse) -> World {
    match status.mode() {
        Mode::Live => World::Live,
        Mode::Replay => World::Replay,
        Mode::Simulated | Mode::Unspecified => World::Simulated,
    }
}
