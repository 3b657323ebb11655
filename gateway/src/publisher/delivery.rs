//! How one post gets out: which request comes next, and what an answer means. Pure.
//!
//! The API knows no idempotency: a request whose answer got lost may have been carried out. So a part is `Sending`,
//! durably, before its request leaves, and one that was interrupted is `Unknown`. What is unknown is looked for on the
//! own timeline first. Only when it is not there after a while is it sent again, and then the API itself refuses it as
//! a duplicate if it was there after all.

use std::time::Duration;

use goat::values::UnixMicros;

/// The own timeline may lag behind what was accepted.
const SETTLES_WITHIN: Duration = Duration::from_mins(1);
/// The first pause after a failure; it doubles up to the last.
const BACKOFF_FIRST: Duration = Duration::from_secs(5);
const BACKOFF_LAST: Duration = Duration::from_mins(15);
/// A part that was accepted and is not found by then is taken as sent without an id.
const LOOK_UPS_MAX: u32 = 8;

/// Where a part stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PartState {
    /// Written, and never sent.
    Composed,
    /// A request is under way.
    Sending {
        /// Since then.
        since: UnixMicros,
    },
    /// Accepted under this id; empty when it is known to be there and was not found.
    Sent { id: String },
    /// It may have been accepted.
    Unknown {
        /// The first request was made then.
        since: UnixMicros,
        /// The API says itself that it is there.
        is_there: bool,
        look_ups: u32,
    },
    /// The API does not want it.
    Refused { reason: String },
}

/// One post of a thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) text: String,
    pub(crate) state: PartState,
}

/// A post on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) parts: Vec<Part>,
    /// Failures in a row.
    pub(crate) failures: u32,
    /// Nothing is asked before.
    pub(crate) not_before: Option<UnixMicros>,
    /// What went wrong last; empty when nothing did.
    pub(crate) trouble: String,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Send this part, as an answer to that post.
    Send { part: usize, reply_to: Option<String> },
    /// Look for this part on the own timeline.
    LookUp { part: usize },
    /// Nothing before this moment.
    Wait(UnixMicros),
    /// Every part is sent, or one was refused.
    Ended,
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// 201 with an id.
    Accepted { id: String },
    /// 429: nothing before that moment.
    Limited { until: UnixMicros },
    /// It never reached the API.
    Unreached { reason: String },
    /// 401, or a 403 about the account: no post will do better, and this one is not at fault.
    NotAllowed { reason: String },
    /// 403: there is such a text already.
    Duplicate,
    /// The API does not want this text.
    Refused { reason: String },
    /// Whether it was carried out is not known.
    Lost { reason: String },
    /// A look-up found it.
    Found { id: String },
    /// A look-up did not find it.
    NotFound,
}

/// The names of all outcomes.
pub(crate) const OUTCOMES: &[&str] = &[
    "accepted",
    "limited",
    "unreached",
    "not_allowed",
    "duplicate",
    "refused",
    "lost",
    "found",
    "not_found",
];

impl Outcome {
    /// As it is counted.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::Limited { .. } => "limited",
            Self::Unreached { .. } => "unreached",
            Self::NotAllowed { .. } => "not_allowed",
            Self::Duplicate => "duplicate",
            Self::Refused { .. } => "refused",
            Self::Lost { .. } => "lost",
            Self::Found { .. } => "found",
            Self::NotFound => "not_found",
        }
    }
}

impl Delivery {
    /// A post of these parts, none of them sent.
    pub(crate) fn new(texts: Vec<String>) -> Self {
        let parts = texts.into_iter().map(|text| Part { text, state: PartState::Composed }).collect();
        Self { parts, failures: 0, not_before: None, trouble: String::new() }
    }

    /// After a crash: what was under way may have been carried out.
    pub(crate) fn recover(&mut self) {
        for part in &mut self.parts {
            if let PartState::Sending { since } = part.state {
                part.state = PartState::Unknown { since, is_there: false, look_ups: 0 };
            }
        }
    }

    /// What comes next.
    pub(crate) fn next(&self, now: UnixMicros) -> Step {
        let unsent = |part: &&Part| !matches!(part.state, PartState::Sent { .. });
        let Some(part) = self.parts.iter().find(unsent) else { return Step::Ended };
        let at = self.parts.iter().position(|one| std::ptr::eq(one, part)).unwrap_or_default();
        if matches!(part.state, PartState::Refused { .. }) {
            return Step::Ended;
        }
        if let Some(not_before) = self.not_before.filter(|not_before| now < *not_before) {
            return Step::Wait(not_before);
        }
        match part.state {
            PartState::Unknown { .. } | PartState::Sending { .. } => Step::LookUp { part: at },
            _ => Step::Send { part: at, reply_to: self.before(at) },
        }
    }

    /// The id of the part before. One that is there without a known id is not answered to: the next stands alone.
    fn before(&self, at: usize) -> Option<String> {
        let before = at.checked_sub(1).and_then(|before| self.parts.get(before))?;
        match &before.state {
            PartState::Sent { id } if !id.is_empty() => Some(id.clone()),
            _ => None,
        }
    }

    /// A request for this part leaves now. To be kept before it does.
    pub(crate) fn begin(&mut self, at: usize, now: UnixMicros) {
        if let Some(part) = self.parts.get_mut(at) {
            part.state = PartState::Sending { since: now };
        }
    }

    /// Takes the end of a request about this part in.
    pub(crate) fn settle(&mut self, at: usize, outcome: Outcome, now: UnixMicros) {
        let Some(part) = self.parts.get_mut(at) else { return };
        let since = match part.state {
            PartState::Sending { since } | PartState::Unknown { since, .. } => since,
            _ => now,
        };
        let (is_there, look_ups) = match part.state {
            PartState::Unknown { is_there, look_ups, .. } => (is_there, look_ups),
            _ => (false, 0),
        };
        let unknown = |is_there, look_ups| PartState::Unknown { since, is_there, look_ups };
        match outcome {
            Outcome::Accepted { id } | Outcome::Found { id } => {
                part.state = PartState::Sent { id };
                (self.failures, self.not_before) = (0, None);
                self.trouble.clear();
            }
            Outcome::Refused { reason } => {
                self.trouble.clone_from(&reason);
                part.state = PartState::Refused { reason };
            }
            Outcome::Duplicate => {
                part.state = unknown(true, 0);
                self.retry_later("the text is there already; looking for it".to_owned(), now);
            }
            Outcome::Lost { reason } => {
                part.state = unknown(is_there, look_ups);
                self.retry_later(reason, now);
            }
            Outcome::Limited { until } => {
                let is_look_up = matches!(part.state, PartState::Unknown { .. });
                part.state = if is_look_up { unknown(is_there, look_ups) } else { PartState::Composed };
                self.not_before = Some(until);
                "the rate limit is used up".clone_into(&mut self.trouble);
            }
            Outcome::Unreached { reason } | Outcome::NotAllowed { reason } => {
                let is_look_up = matches!(part.state, PartState::Unknown { .. });
                part.state = if is_look_up { unknown(is_there, look_ups) } else { PartState::Composed };
                self.retry_later(reason, now);
            }
            Outcome::NotFound => {
                let look_ups = look_ups + 1;
                let has_settled = now.since(since) >= SETTLES_WITHIN;
                part.state = match (is_there, has_settled) {
                    (true, _) if look_ups >= LOOK_UPS_MAX => PartState::Sent { id: String::new() },
                    (false, true) => PartState::Composed,
                    _ => unknown(is_there, look_ups),
                };
                self.retry_later("looked for on the own timeline, and not found".to_owned(), now);
            }
        }
    }

    fn retry_later(&mut self, trouble: String, now: UnixMicros) {
        let doubled = BACKOFF_FIRST.saturating_mul(1 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        self.not_before = Some(now.plus(doubled.min(BACKOFF_LAST)));
        self.trouble = trouble;
    }
}

#[cfg(test)]
mod tests;
