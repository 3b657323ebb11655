//! The shell around what is decided elsewhere: asks the engines, keeps what is composed, and sends it.
//!
//! Two tasks share the outbox. `Composer` looks at the engines and composes; `Sender` brings out what waits. Neither
//! waits for the other, and either may be killed at any moment.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use goat::service::{Failure, Reach, Stop};
use goat::settings::Settings;
use goat::values::UnixMicros;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use super::desk::{Desk, Turn};
use super::gather::Engines;
use super::lessons::Lessons;
use super::outbox::{Books, Outbox, OutboxError};
use super::switch::Switch;
use super::wording::Wording;
use super::x::X;
use crate::alerts::channels::Channel;
use crate::alerts::deliver::Delivery;

mod composer;
mod sender;

use composer::Composer;
use sender::Sender;
pub(crate) use sender::tweet_id;

/// Under which the desk's turn is kept.
const TURN: &str = "turn";
/// Under `data_dir`.
pub(crate) const FOLDER: &str = "gateway";

/// What the tasks and the service share.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) outbox: Outbox,
    pub(crate) switch: Switch,
    pub(crate) engines: Engines,
    pub(crate) desk: Arc<Mutex<Desk>>,
    pub(crate) seen: Arc<RwLock<Seen>>,
    /// The names of the channels that alerts go to.
    pub(crate) channels: Arc<[&'static str]>,
    /// There are no credentials: nothing is sent.
    pub(crate) dry_run: bool,
}

/// How the engines were reached last.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    pub(crate) at: Option<UnixMicros>,
    /// Why they were not; empty when they were.
    pub(crate) trouble: String,
}

/// Everything that runs beside the service.
#[derive(Debug)]
pub(crate) struct Publisher {
    pub(crate) shared: Shared,
    x: Option<X>,
    wording: Option<Wording>,
    channels: Vec<Channel>,
}

impl Publisher {
    /// A publisher that goes on where the outbox says.
    ///
    /// # Errors
    ///
    /// When the outbox cannot be used, or a setting cannot.
    pub(crate) async fn open(settings: &Settings, reach: &Reach) -> Result<Self, Failure> {
        let outbox = open_outbox(&settings.data_dir()).await?;
        let failed = |error: OutboxError| Failure::Internal(error.to_string());
        let turn: Turn = outbox
            .with(|books: &Books<'_>| books.remembered(TURN))
            .await
            .map_err(failed)?
            .unwrap_or_default();
        let lessons = Lessons::built_in().map_err(Failure::Internal)?;
        let desk = Desk::new(turn, settings.publisher.posts.clone(), lessons);
        let client = |error: reqwest::Error| Failure::Internal(format!("an HTTP client: {error}"));
        let x = X::of(&settings.publisher.x).map_err(client)?;
        let wording = Wording::of(&settings.publisher.wording).map_err(client)?;
        let channels = Channel::all(&settings.alerts).map_err(Failure::Usage)?;
        let switch = Switch::restore(settings.publisher.outbound, &outbox).await.map_err(failed)?;
        let shared = Shared {
            settings: settings.clone(),
            outbox,
            switch,
            engines: Engines::new(settings, reach),
            desk: Arc::new(Mutex::new(desk)),
            seen: Arc::default(),
            channels: channels.iter().map(Channel::name).collect(),
            dry_run: x.is_none(),
        };
        Ok(Self { shared, x, wording, channels })
    }

    /// Composes, sends and delivers until stopped.
    pub(crate) async fn run(self, stop: Stop) {
        let Self { shared, x, wording, channels } = self;
        let mut tasks = JoinSet::new();
        for channel in channels {
            let (outbox, switch) = (shared.outbox.clone(), shared.switch.clone());
            let delivery = Delivery { channel, outbox, switch, settings: shared.settings.alerts.clone() };
            tasks.spawn(delivery.run(stop.clone()));
        }
        tasks.spawn(Sender::new(shared.clone(), x).run(stop.clone()));
        tasks.spawn(Composer::new(shared, wording).run(stop));
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a task of the publisher broke");
            }
        }
    }
}

/// Whether posts and alerts could go out as the settings say, without sending anything.
///
/// # Errors
///
/// When a channel or a credential cannot be used.
pub(crate) fn check(settings: &Settings) -> Result<String, Failure> {
    let client = |error: reqwest::Error| Failure::Internal(format!("an HTTP client: {error}"));
    let posts = match X::of(&settings.publisher.x).map_err(client)? {
        _ if !settings.publisher.outbound => "posts: stopped by publisher.outbound",
        Some(_) => "posts: sent to X",
        None => "posts: previews only, there are no credentials (publisher.x)",
    };
    let channels = Channel::all(&settings.alerts).map_err(Failure::Usage)?;
    let names: Vec<&str> = channels.iter().map(Channel::name).collect();
    let alerts = if names.is_empty() { "shown, no channel".to_owned() } else { names.join(", ") };
    Ok(format!("{posts}\nalerts: {alerts}"))
}

async fn open_outbox(data_dir: &Path) -> Result<Outbox, Failure> {
    let folder = data_dir.join(FOLDER);
    let opened = tokio::task::spawn_blocking(move || Outbox::open(&folder)).await;
    let opened = opened.map_err(|error| Failure::Internal(error.to_string()))?;
    opened.map_err(|error| Failure::Io(format!("{error} (in {})", data_dir.join(FOLDER).display())))
}

impl Shared {
    /// How the engines were reached last.
    pub(crate) fn seen(&self) -> Seen {
        self.seen.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes how they were reached now; a change is a line in the log.
    fn note(&self, trouble: &str, now: UnixMicros) {
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        if seen.trouble != trouble {
            if trouble.is_empty() {
                tracing::info!("the engines tell the publisher what there is to tell");
            } else {
                tracing::info!(reason = trouble, "the publisher waits for the engines");
            }
        }
        trouble.clone_into(&mut seen.trouble);
        if trouble.is_empty() {
            seen.at = Some(now);
        }
    }

    fn poll(&self) -> Duration {
        Duration::from_millis(self.settings.publisher.poll_ms.into())
    }
}

/// Waits, or is stopped: whether to go on.
async fn pause(span: Duration, stop: &Stop) -> bool {
    tokio::select! {
        () = tokio::time::sleep(span) => true,
        () = stop.cancelled() => false,
    }
}
