//! Looks at the engines, and composes posts and alerts from what they say.

use goat::service::Stop;
use goat::values::UnixMicros;
use goat::wire::trading::{GetStatusResponse, Position};
use metrics::counter;

use super::{Shared, TURN, pause};
use crate::alerts::watch::{Observation, Watch};
use crate::alerts::words;
use crate::measure::POSTS_COMPOSED;
use crate::publisher::desk::{Desk, Effect, Event, id_of_trade};
use crate::publisher::draft::{Draft, PostId, PostKind};
use crate::publisher::facts::{Facts, World};
use crate::publisher::gather::{Condition, closed_trade, pause as pause_of};
use crate::publisher::outbox::{Alert, Books, OutboxError};
use crate::publisher::track::{Followed, News, Track};
use crate::publisher::wording::Wording;

const FOLLOWED: &str = "followed";
const WATCH: &str = "watch";
/// How far back the funnel can be asked for.
const FUNNEL_HOURS_MAX: f64 = 72.0;

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
    watch: Option<Watch>,
}

impl Composer {
    pub(super) fn new(shared: Shared, wording: Option<Wording>) -> Self {
        Self { shared, wording, track: Track::default(), watch: None }
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
        let followed = match &condition.trading {
            Ok(status) if !status.log_id.is_empty() => Some((self.followed(status).await?, status)),
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
        self.alert(&condition, positions.as_deref().unwrap_or_default()).await?;
        if let (Some((followed, status)), Ok(positions)) = (followed, &positions) {
            self.tell(followed, status, &condition, positions).await?;
        }
        self.tell_pause(&condition).await?;
        self.tick(&condition).await?;
        positions.map(|_| ()).map_err(Trouble::Engines)
    }

    async fn tell_pause(&self, condition: &Condition) -> Result<(), Trouble> {
        let Some(paused) = condition.trading.as_ref().ok().and_then(pause_of) else { return Ok(()) };
        let id = PostId::new(PostKind::Paused, &paused.since.to_string());
        if self.shared.outbox.with(move |books| books.is_composed(&id)).await? {
            return Ok(());
        }
        let facts = self.facts(condition).await?;
        self.handle(&Event::Paused(&facts)).await
    }

    async fn facts(&self, condition: &Condition) -> Result<Facts, Trouble> {
        self.shared.engines.facts(condition).await.map_err(Trouble::Engines)
    }

    /// The log that is followed; a new one begins now.
    async fn followed(&mut self, status: &GetStatusResponse) -> Result<Followed, Trouble> {
        let kept: Option<Followed> = self.shared.outbox.with(|books| books.remembered(FOLLOWED)).await?;
        if let Some(followed) = kept.filter(|followed| followed.log == status.log_id) {
            return Ok(followed);
        }
        let as_of = status.cursor_event_time.and_then(|time| UnixMicros::try_from(time).ok());
        let as_of =
            as_of.ok_or_else(|| Trouble::Engines("the trading-engine has seen no event yet".to_owned()))?;
        self.track = Track::default();
        let followed = Followed::begin(&status.log_id, as_of, self.shared.settings.publisher.history_hours);
        let begun = followed.clone();
        self.shared.outbox.with(move |books| books.remember(FOLLOWED, &begun)).await?;
        Ok(followed)
    }

    /// Composes what positions did. Only when all of it is kept the list counts as told.
    async fn tell(
        &mut self,
        mut followed: Followed,
        status: &GetStatusResponse,
        condition: &Condition,
        positions: &[Position],
    ) -> Result<(), Trouble> {
        let news = self.track.news(&followed, positions);
        if !news.is_empty() {
            let facts = self.facts(condition).await?;
            for (news, position) in news {
                if !self.tell_one(news, position, &followed.log, &facts).await? {
                    return Ok(());
                }
            }
        }
        debug_assert_eq!(followed.log, status.log_id);
        self.track.seen(positions);
        let before = followed.clone();
        followed.settle(positions);
        if followed != before {
            self.shared.outbox.with(move |books| books.remember(FOLLOWED, &followed)).await?;
        }
        Ok(())
    }

    /// Whether there was room for it.
    async fn tell_one(
        &self,
        news: News,
        position: &Position,
        log: &str,
        facts: &Facts,
    ) -> Result<bool, Trouble> {
        let (now, world) = (UnixMicros::now(), facts.world);
        if news == News::Opened {
            if let Some(entry) =
                words::entry(log, position, world, now).filter(|_| self.shared.settings.alerts.trades)
            {
                self.raise(entry).await?;
            }
            return Ok(true);
        }
        let trade = match closed_trade(position) {
            Ok(trade) => trade,
            Err(reason) => {
                tracing::error!(%reason, "a closed position cannot be told");
                return Ok(true);
            }
        };
        let id = id_of_trade(log, &trade.id);
        let is_composed = self.shared.outbox.with(move |books| books.is_composed(&id)).await?;
        if !is_composed {
            let waiting = self.shared.outbox.with(move |books| books.waiting(now)).await?;
            if waiting.posts >= self.shared.settings.publisher.waiting_max {
                return Ok(false);
            }
            self.handle(&Event::TradeClosed { trade: &trade, log, facts }).await?;
        }
        if self.shared.settings.alerts.trades {
            self.raise(words::exit(log, &trade, world, now)).await?;
        }
        Ok(true)
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

    async fn alert(&mut self, condition: &Condition, positions: &[Position]) -> Result<(), Trouble> {
        let now = UnixMicros::now();
        let mut watch = match self.watch.take() {
            Some(watch) => watch,
            None => self.shared.outbox.with(|books| books.remembered(WATCH)).await?.unwrap_or_default(),
        };
        let account = self.shared.engines.account().await.ok();
        let opened = positions.iter().filter_map(|position| UnixMicros::try_from(position.opened_at?).ok());
        let observation = Observation {
            condition,
            account: account.as_ref(),
            last_entry: opened.max(),
            free_bytes: free_bytes(&self.shared.settings.data_dir()),
        };
        let before = watch.clone();
        let seen = watch.see(&observation, &self.shared.settings.alerts, now);
        let mut alerts = seen.alerts;
        if let (Some(since), Ok(status)) = (seen.silent_since, &condition.trading) {
            match self.explain(status, since, now).await {
                Ok(alert) => alerts.push(alert),
                Err(reason) => {
                    tracing::warn!(reason, "a silence cannot be explained yet");
                    watch = before.clone();
                    alerts.clear();
                }
            }
        }
        if watch != before {
            let (kept, channels) = (watch.clone(), self.shared.channels.clone());
            let raised = self.shared.outbox.with(move |books| {
                for alert in &alerts {
                    books.raise(alert, &channels)?;
                }
                books.remember(WATCH, &kept)
            });
            raised.await?;
        }
        self.watch = Some(watch);
        Ok(())
    }

    /// Why nothing was entered since a moment.
    async fn explain(
        &self,
        status: &GetStatusResponse,
        since: UnixMicros,
        now: UnixMicros,
    ) -> Result<Alert, String> {
        let as_of = status.cursor_event_time.and_then(|time| UnixMicros::try_from(time).ok());
        let as_of = as_of.ok_or("the trading-engine has seen no event yet")?;
        let hours = (as_of.since(since).as_secs_f64() / 3600.0).min(FUNNEL_HOURS_MAX);
        let funnel = self.shared.engines.funnel(hours).await?.total.ok_or("the funnel is empty")?;
        let world = match status.mode() {
            goat::wire::market::Mode::Live => World::Live,
            goat::wire::market::Mode::Replay => World::Replay,
            _ => World::Simulated,
        };
        Ok(words::silence(&status.log_id, &funnel, since, as_of, world, now))
    }

    async fn raise(&self, alert: Alert) -> Result<(), Trouble> {
        let channels = self.shared.channels.clone();
        self.shared.outbox.with(move |books| books.raise(&alert, &channels)).await?;
        Ok(())
    }
}

/// A draft with the texts of its parts.
struct Written {
    draft: Draft,
    texts: Vec<String>,
    is_worded: bool,
}

/// Free for us on the disk that a folder lies on; none where nobody can say.
fn free_bytes(folder: &std::path::Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}
