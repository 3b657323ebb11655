//! Alerts: what the watch says, the silence explained.

use std::time::Duration;

use goat::values::UnixMicros;
use goat::wire::trading::{GetStatusResponse, Position, Strategy};

use super::{Composer, Trouble, WATCH};
use crate::alerts::upstreams::{UPSTREAMS, Upstreams};
use crate::alerts::watch::Observation;
use crate::alerts::words;
use crate::publisher::gather::Condition;
use crate::publisher::outbox::Alert;

/// How far back the funnel can be asked for.
const FUNNEL_HOURS_MAX: f64 = 72.0;

impl Composer {
    /// Writes down what can be reached, when that is due.
    pub(super) async fn check_upstreams(&self, condition: &Condition) -> Result<(), Trouble> {
        let every = Duration::from_secs(u64::from(self.shared.settings.alerts.check_minutes) * 60);
        let known: Option<Upstreams> = self.shared.outbox.with(|books| books.remembered(UPSTREAMS)).await?;
        if let Some(checked) = known.unwrap_or_default().check(condition, every, UnixMicros::now()) {
            self.shared.outbox.with(move |books| books.remember(UPSTREAMS, &checked)).await?;
        }
        Ok(())
    }

    /// `strategies`: none when they could not be asked.
    pub(super) async fn alert(
        &mut self,
        condition: &Condition,
        positions: &[Position],
        strategies: Option<&[Strategy]>,
    ) -> Result<(), Trouble> {
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
            strategies,
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
        Ok(words::silence(&status.log_id, &funnel, since, as_of, super::world_of(status), now))
    }

    pub(super) async fn raise(&self, alert: Alert) -> Result<(), Trouble> {
        let channels = self.shared.channels.clone();
        self.shared.outbox.with(move |books| books.raise(&alert, &channels)).await?;
        Ok(())
    }
}

/// Free for us on the disk that a folder lies on; none where nobody can say.
fn free_bytes(folder: &std::path::Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}
