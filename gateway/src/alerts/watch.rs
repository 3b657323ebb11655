//! What is an alert: conditions that begin, last and end. Pure: what is seen against what was seen before.

use std::collections::BTreeMap;
use std::time::Duration;

use goat::settings::Alerts as Settings;
use goat::values::UnixMicros;
use goat::wire::market::{archive, feed};
use goat::wire::{market, trading};
use serde::{Deserialize, Serialize};

use crate::publisher::facts::{CoolOff, Percent, Usd, span};
use crate::publisher::gather::{Condition, cool_offs, pause};
use crate::publisher::outbox::{Alert, Severity};
use crate::publisher::text;

/// What is seen at a moment.
#[derive(Debug)]
pub(crate) struct Observation<'a> {
    pub(crate) condition: &'a Condition,
    pub(crate) account: Option<&'a trading::Account>,
    /// None when they could not be asked.
    pub(crate) strategies: Option<&'a [trading::Strategy]>,
    /// When a position was opened last.
    pub(crate) last_entry: Option<UnixMicros>,
    /// On the disk of the data directory.
    pub(crate) free_bytes: Option<u64>,
}

/// Something that lasts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Standing {
    since: i64,
    /// Whether it was told.
    told: bool,
    title: String,
}

/// All that must survive: what lasts, and the marks that others are measured against.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Watch {
    standing: BTreeMap<String, Standing>,
    /// The highest equity in cents, and the log that it was reached in.
    peak: Option<(String, i64)>,
    /// Silence is counted from here, in event time.
    silent_since: Option<i64>,
}

/// What the watch asks for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) alerts: Vec<Alert>,
    /// Nothing was entered since that moment, for at least the hours of the settings: explain it.
    pub(crate) silent_since: Option<UnixMicros>,
}

/// A condition that may hold.
struct Trouble {
    severity: Severity,
    kind: &'static str,
    title: String,
    text: String,
}

impl Watch {
    /// Takes in what is seen, and says what is to be told.
    pub(crate) fn see(&mut self, seen: &Observation<'_>, settings: &Settings, now: UnixMicros) -> Seen {
        let mut alerts = Vec::new();
        self.engines(seen.condition, settings, now, &mut alerts);
        if let Ok(status) = &seen.condition.market {
            self.feeds(status, now, &mut alerts);
            self.archive(status, now, &mut alerts);
        }
        self.disk(seen.free_bytes, settings, now, &mut alerts);
        let mut silent_since = None;
        if let Ok(status) = &seen.condition.trading {
            self.paused(status, now, &mut alerts);
            self.cool_offs(seen.strategies, now, &mut alerts);
            self.drawdown(status, seen.account, settings, now, &mut alerts);
            silent_since = self.silence(status, seen.last_entry, settings);
        }
        Seen { alerts, silent_since }
    }

    fn engines(
        &mut self,
        condition: &Condition,
        settings: &Settings,
        now: UnixMicros,
        alerts: &mut Vec<Alert>,
    ) {
        let patience = Duration::from_secs(settings.down_after_seconds.into());
        let reasons = [
            ("data-engine", condition.market.as_ref().err()),
            ("trading-engine", condition.trading.as_ref().err()),
        ];
        for (name, reason) in reasons {
            let trouble = reason.map(|reason| Trouble {
                severity: Severity::Critical,
                kind: "engine",
                title: format!("The {name} does not answer"),
                text: reason.clone(),
            });
            alerts.extend(self.stand(&format!("engine/{name}"), trouble, None, patience, now));
        }
    }

    /// A feed that goes from stale to down, or back, is in another condition: the former is over without a word.
    fn feeds(&mut self, status: &market::GetStatusResponse, now: UnixMicros, alerts: &mut Vec<Alert>) {
        for one in &status.feeds {
            let key = |severity: Severity| format!("feed/{}/{}", one.name, severity.as_str());
            let both = [Severity::Warning, Severity::Critical];
            let Some(trouble) = feed_trouble(one) else {
                let ended = both
                    .into_iter()
                    .filter_map(|other| self.stand(&key(other), None, None, Duration::ZERO, now));
                alerts.extend(ended);
                continue;
            };
            for other in both.into_iter().filter(|other| *other != trouble.severity) {
                self.standing.remove(&key(other));
            }
            let (own, since) = (key(trouble.severity), one.since.and_then(|time| time.try_into().ok()));
            alerts.extend(self.stand(&own, Some(trouble), since, Duration::ZERO, now));
        }
    }

    fn archive(&mut self, status: &market::GetStatusResponse, now: UnixMicros, alerts: &mut Vec<Alert>) {
        let down = status.archive.as_ref().filter(|archive| archive.state() == archive::State::Down);
        let trouble = down.map(|archive| Trouble {
            severity: Severity::Warning,
            kind: "archive",
            title: "The archive is down".to_owned(),
            text: format!("{}; {} events wait to be copied", archive.reason, archive.lag_seq),
        });
        alerts.extend(self.stand("archive", trouble, None, Duration::ZERO, now));
    }

    fn disk(&mut self, free: Option<u64>, settings: &Settings, now: UnixMicros, alerts: &mut Vec<Alert>) {
        const MEGABYTE: u64 = 1024 * 1024;
        let Some(free) = free else { return };
        let least = u64::from(settings.disk_free_mb_min);
        let trouble = (free / MEGABYTE < least).then(|| Trouble {
            severity: Severity::Critical,
            kind: "disk",
            title: "The disk is nearly full".to_owned(),
            text: format!("{} MB are free, less than {least} MB", free / MEGABYTE),
        });
        alerts.extend(self.stand("disk", trouble, None, Duration::ZERO, now));
    }

    fn paused(&mut self, status: &trading::GetStatusResponse, now: UnixMicros, alerts: &mut Vec<Alert>) {
        let paused = pause(status);
        let since = paused.as_ref().map(|paused| paused.since);
        let trouble = paused.map(|paused| Trouble {
            severity: Severity::Warning,
            kind: "paused",
            title: "Trading is paused".to_owned(),
            text: if paused.reason.is_empty() { "No reason was given.".to_owned() } else { paused.reason },
        });
        alerts.extend(self.stand("paused", trouble, since, Duration::ZERO, now));
    }

    /// Strategies that pause by themselves; a pause of one that is gone is over.
    fn cool_offs(
        &mut self,
        strategies: Option<&[trading::Strategy]>,
        now: UnixMicros,
        alerts: &mut Vec<Alert>,
    ) {
        const KEY: &str = "paused/";
        let Some(strategies) = strategies else { return };
        let pausing: BTreeMap<String, CoolOff> =
            cool_offs(strategies).into_iter().map(|one| (format!("{KEY}{}", one.trader.id), one)).collect();
        let is_over = |key: &&String| key.starts_with(KEY) && !pausing.contains_key(*key);
        let over: Vec<String> = self.standing.keys().filter(is_over).cloned().collect();
        alerts.extend(over.iter().filter_map(|key| self.stand(key, None, None, Duration::ZERO, now)));
        for (key, CoolOff { trader, cause, until, .. }) in pausing {
            let trouble = Trouble {
                severity: Severity::Warning,
                kind: "paused",
                title: format!("Paused: {}", trader.name),
                text: format!("{cause}; until {until}. What is open keeps its stop."),
            };
            alerts.extend(self.stand(&key, Some(trouble), None, Duration::ZERO, now));
        }
    }

    /// Told once for each peak, however deep it goes.
    fn drawdown(
        &mut self,
        status: &trading::GetStatusResponse,
        account: Option<&trading::Account>,
        settings: &Settings,
        now: UnixMicros,
        alerts: &mut Vec<Alert>,
    ) {
        let Some(equity) = account.and_then(|account| Usd::of(account.equity_usd)) else { return };
        let known = self.peak.as_ref().filter(|(log, _)| *log == status.log_id).map(|(_, peak)| *peak);
        let peak = known.unwrap_or(equity.get()).max(equity.get());
        self.peak = Some((status.log_id.clone(), peak));
        #[allow(clippy::cast_precision_loss)] // Cents of a paper account.
        let below = Percent::of((peak - equity.get()) as f64 / peak as f64 * 100.0);
        let (Some(below), Some(most)) = (below, Percent::of(settings.drawdown_percent)) else { return };
        let is_deep = most.get() > 0 && below >= most;
        let key = format!("drawdown/{}/{peak}", status.log_id);
        let has_stood = self.standing.contains_key(&key);
        self.standing.retain(|other, _| !other.starts_with("drawdown/") || *other == key);
        if !is_deep || has_stood {
            return;
        }
        let trouble = Trouble {
            severity: Severity::Warning,
            kind: "drawdown",
            title: format!("Equity is {} below its highest", below.size()),
            text: format!("It is {}, after {}", equity.size(), Usd::from_cents(peak).size()),
        };
        alerts.extend(self.stand(&key, Some(trouble), None, Duration::ZERO, now));
    }

    fn silence(
        &mut self,
        status: &trading::GetStatusResponse,
        last_entry: Option<UnixMicros>,
        settings: &Settings,
    ) -> Option<UnixMicros> {
        let as_of = status.cursor_event_time.and_then(|time| UnixMicros::try_from(time).ok())?;
        if settings.silence_hours <= 0.0 || !status.caught_up {
            return None;
        }
        // A log that begins anew begins earlier.
        let counted = self.silent_since.filter(|since| *since <= as_of.get()).unwrap_or(as_of.get());
        let since = counted.max(last_entry.map_or(i64::MIN, UnixMicros::get));
        self.silent_since = Some(since);
        let since = UnixMicros::new(since).ok()?;
        if as_of.since(since) < Duration::from_secs_f64(settings.silence_hours * 3600.0) {
            return None;
        }
        self.silent_since = Some(as_of.get());
        Some(since)
    }

    /// A condition that holds, or does not. It is told when it has held for `patience`, and its end when it was told.
    fn stand(
        &mut self,
        key: &str,
        trouble: Option<Trouble>,
        since: Option<UnixMicros>,
        patience: Duration,
        now: UnixMicros,
    ) -> Option<Alert> {
        let Some(trouble) = trouble else {
            let ended = self.standing.remove(key).filter(|standing| standing.told)?;
            return Some(end(key, &ended, now));
        };
        let fresh = Standing { since: since.unwrap_or(now).get(), told: false, title: trouble.title.clone() };
        let standing = self.standing.entry(key.to_owned()).or_insert(fresh);
        let has_lasted = now.since(UnixMicros::new(standing.since).unwrap_or(now)) >= patience;
        if standing.told || !has_lasted {
            return None;
        }
        standing.told = true;
        let Trouble { severity, kind, title, text } = trouble;
        Some(Alert {
            id: format!("{key}/{}", standing.since),
            severity,
            kind,
            title: text::line(&title),
            text: text::line(&text),
            raised_at: now,
        })
    }
}

fn feed_trouble(one: &market::Feed) -> Option<Trouble> {
    let (severity, how) = match one.state() {
        feed::State::Down => (Severity::Critical, "down"),
        feed::State::Stale => (Severity::Warning, "stale"),
        _ => return None,
    };
    let title = format!("The feed {} is {how}", one.name);
    let text = if one.reason.is_empty() { "Nothing is opened on it.".to_owned() } else { one.reason.clone() };
    Some(Trouble { severity, kind: "feed", title, text })
}

fn end(key: &str, ended: &Standing, now: UnixMicros) -> Alert {
    let kind = key.split('/').next().unwrap_or_default();
    let lasted = now.since(UnixMicros::new(ended.since).unwrap_or(now));
    let kinds = crate::publisher::outbox::KINDS;
    Alert {
        id: format!("{key}/{}/over", ended.since),
        severity: Severity::Info,
        kind: kinds.into_iter().find(|known| *known == kind).unwrap_or("engine"),
        title: text::line(&format!("Over: {}", ended.title)),
        text: format!("It lasted {}.", span(lasted.as_secs())),
        raised_at: now,
    }
}

#[cfg(test)]
mod tests;
