//! `goat.publisher.v1`: what was told, what waits, and the switch.

use std::path::Path;

use goat::error::Kind;
use goat::values::UnixMicros;
use goat::wire::PublisherService;
use goat::wire::publisher as wire;
use goat::wire::trading::Position;
use tonic::{Request, Response, Status};

use super::draft::PostKind;
use super::facts::ClosedTrade;
use super::gather::{closed_trade, strategy_trade};
use super::outbox::{self, Alert, KINDS, Kept, MessageState, OutboxError, Post, PostState, Severity};
use super::run::{FOLDER, Shared, tweet_id};
use super::switch::Switch;
use super::weight::weight;
use super::{draft, text};
use crate::alerts::upstreams::{Check, UPSTREAMS, Upstreams};

/// Where copies of the outbox lie, in its folder.
const BACKUP: &str = "backup";
const LIMIT: u32 = 100;
const LIMIT_MAX: u32 = 1000;
const REASON_CHARS_MAX: usize = 500;

/// Answers from the outbox.
#[derive(Debug, Clone)]
pub(crate) struct Service(pub(crate) Shared);

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl PublisherService for Service {
    async fn get_status(&self, _: Request<wire::GetStatusRequest>) -> Answer<wire::GetStatusResponse> {
        let (shared, now) = (&self.0, UnixMicros::now());
        let told = shared.outbox.with(move |books| {
            let trouble = books.oldest_waiting()?.map(|post| post.delivery.trouble).unwrap_or_default();
            let upstreams: Option<Upstreams> = books.remembered(UPSTREAMS)?;
            Ok((books.waiting(now)?, trouble, books.messages_waiting()?, upstreams.unwrap_or_default()))
        });
        let (waiting, trouble, messages_waiting, upstreams) = told.await.map_err(|error| unusable(&error))?;
        let seen = shared.seen();
        let next_slot_at = shared.desk.lock().await.next_slot_at().filter(|at| *at > now);
        Ok(Response::new(wire::GetStatusResponse {
            outbound: Some(outbound(&shared.switch)),
            dry_run: shared.dry_run,
            waiting: waiting.posts,
            sent_within_day: waiting.sent_within_day,
            next_slot_at: next_slot_at.map(Into::into),
            trouble,
            facts_at: seen.at.map(Into::into),
            facts_trouble: seen.trouble,
            channels: shared.channels.iter().map(|name| (*name).to_owned()).collect(),
            messages_waiting,
            upstreams_checked_at: upstreams.checked_at().map(Into::into),
            upstreams: upstreams.checks().map(upstream).collect(),
        }))
    }

    async fn list_posts(&self, request: Request<wire::ListPostsRequest>) -> Answer<wire::ListPostsResponse> {
        let wire::ListPostsRequest { state, kind, limit, page_token } = request.into_inner();
        let state = match state.as_str() {
            "" => None,
            given => Some(PostState::parse(given).ok_or_else(|| {
                invalid(format!(
                    "state must be preview, composed, sending, sent, refused or unknown, got {given:?}"
                ))
            })?),
        };
        if !kind.is_empty() {
            known_kind(&kind)?;
        }
        let (limit, below) = (checked_limit(limit)?, place(&page_token)?);
        let found = self.0.outbox.with(move |books| books.posts(below, &kind, state, limit + 1));
        let mut posts = found.await.map_err(|error| unusable(&error))?;
        let more = posts.len() > limit as usize;
        posts.truncate(limit as usize);
        let last = posts.last().filter(|_| more).map(|post| post.number.to_string());
        let posts: Vec<wire::Post> = posts.iter().map(post_message).collect();
        let count = u32::try_from(posts.len()).unwrap_or(u32::MAX);
        Ok(Response::new(wire::ListPostsResponse { posts, count, next_page_token: last.unwrap_or_default() }))
    }

    async fn preview_post(
        &self,
        request: Request<wire::PreviewPostRequest>,
    ) -> Answer<wire::PreviewPostResponse> {
        let kind = known_kind(&request.into_inner().kind)?;
        let shared = &self.0;
        let condition = shared.engines.condition().await;
        let facts = shared.engines.facts(&condition).await;
        let known = facts.as_ref().ok();
        let draft = match (kind, known) {
            (PostKind::TradeResult, Some(facts)) => {
                let positions = shared
                    .engines
                    .positions(u64::MAX)
                    .await
                    .map_err(|reason| Kind::Unavailable.status(reason))?;
                let newest = newest_trade(shared, &positions).await?;
                newest.map(|trade| super::templates::trade_result(&trade, "preview", facts))
            }
            (kind, known) => shared.desk.lock().await.preview(kind, known),
        };
        let draft = draft.ok_or_else(|| {
            let reason = facts.err().unwrap_or_else(|| "the facts do not suffice".to_owned());
            Status::failed_precondition(format!(
                "there is no post of the kind {} now: {reason}",
                kind.as_str()
            ))
        })?;
        let texts = draft.parts().map_err(|error| Status::failed_precondition(error.to_string()))?;
        let part = |text: String| wire::PostPart {
            weighted_length: weighted(&text),
            text,
            state: wire::post::State::Preview.into(),
            tweet_id: String::new(),
        };
        let post = wire::Post {
            id: draft.id.as_str().to_owned(),
            kind: kind.as_str().to_owned(),
            state: wire::post::State::Preview.into(),
            composed_at: Some(UnixMicros::now().into()),
            parts: texts.into_iter().map(part).collect(),
            ..wire::Post::default()
        };
        Ok(Response::new(wire::PreviewPostResponse { post: Some(post) }))
    }

    async fn list_alerts(
        &self,
        request: Request<wire::ListAlertsRequest>,
    ) -> Answer<wire::ListAlertsResponse> {
        let wire::ListAlertsRequest { kind, limit, page_token } = request.into_inner();
        if !kind.is_empty() && !KINDS.contains(&kind.as_str()) {
            return Err(invalid(format!("kind must be one of {}, got {kind:?}", KINDS.join(", "))));
        }
        let (limit, below) = (checked_limit(limit)?, place(&page_token)?);
        let found = self.0.outbox.with(move |books| books.alerts(below, &kind, limit + 1));
        let mut alerts = found.await.map_err(|error| unusable(&error))?;
        let more = alerts.len() > limit as usize;
        alerts.truncate(limit as usize);
        let last = alerts.last().filter(|_| more).map(|kept| kept.number.to_string());
        let alerts: Vec<wire::Alert> = alerts.into_iter().map(alert_message).collect();
        let count = u32::try_from(alerts.len()).unwrap_or(u32::MAX);
        Ok(Response::new(wire::ListAlertsResponse {
            alerts,
            count,
            next_page_token: last.unwrap_or_default(),
        }))
    }

    async fn send_test_alert(
        &self,
        _: Request<wire::SendTestAlertRequest>,
    ) -> Answer<wire::SendTestAlertResponse> {
        let (shared, now) = (&self.0, UnixMicros::now());
        if shared.channels.is_empty() {
            return Err(Status::failed_precondition(
                "no channel is configured: see the settings under alerts",
            ));
        }
        if !shared.switch.is_open() {
            return Err(Status::failed_precondition("everything that leaves the machine is stopped"));
        }
        let id = format!("test/{}", now.get());
        let alert = Alert {
            id: id.clone(),
            // It is to be seen also in quiet hours.
            severity: Severity::Critical,
            kind: "test",
            title: "This is a test".to_owned(),
            text: "Somebody asked for a test alert. Nothing is wrong.".to_owned(),
            raised_at: now,
        };
        let channels = shared.channels.clone();
        let raised = shared.outbox.with(move |books| {
            books.raise(&alert, &channels)?;
            books.alert(&id)
        });
        let raised = raised.await.map_err(|error| unusable(&error))?;
        Ok(Response::new(wire::SendTestAlertResponse { alert: raised.map(alert_message) }))
    }

    async fn stop_outbound(
        &self,
        request: Request<wire::StopOutboundRequest>,
    ) -> Answer<wire::StopOutboundResponse> {
        let reason = request.into_inner().reason;
        let length = reason.chars().count();
        if length > REASON_CHARS_MAX {
            return Err(invalid(format!("reason has {length} characters; it may have {REASON_CHARS_MAX}")));
        }
        let stopped = self.0.switch.stop(text::line(&reason), UnixMicros::now());
        stopped.await.map_err(|error| unusable(&error))?;
        Ok(Response::new(wire::StopOutboundResponse { outbound: Some(outbound(&self.0.switch)) }))
    }

    async fn resume_outbound(
        &self,
        _: Request<wire::ResumeOutboundRequest>,
    ) -> Answer<wire::ResumeOutboundResponse> {
        if !self.0.switch.is_allowed() {
            return Err(Status::failed_precondition("publisher.outbound is false in the settings"));
        }
        self.0.switch.resume().await.map_err(|error| unusable(&error))?;
        Ok(Response::new(wire::ResumeOutboundResponse { outbound: Some(outbound(&self.0.switch)) }))
    }

    async fn back_up_outbox(
        &self,
        _: Request<wire::BackUpOutboxRequest>,
    ) -> Answer<wire::BackUpOutboxResponse> {
        let place = Path::new(FOLDER).join(BACKUP);
        let folder = self.0.settings.data_dir().join(&place);
        let bytes = self.0.outbox.back_up(&folder).await.map_err(|error| unusable(&error))?;
        let path = place.join(outbox::FILE).display().to_string();
        Ok(Response::new(wire::BackUpOutboxResponse { path, bytes }))
    }
}

/// The trade that ended last, of a play or a strategy.
async fn newest_trade(shared: &Shared, positions: &[Position]) -> Result<Option<ClosedTrade>, Status> {
    let unavailable = |reason| Kind::Unavailable.status(reason);
    let strategies = shared.engines.strategies().await.map_err(unavailable)?;
    let trades = shared.engines.strategy_trades(|_| true).await.map_err(unavailable)?;
    let of_plays = positions.iter().filter_map(|position| closed_trade(position).ok());
    let of_strategies = trades.iter().filter_map(|trade| strategy_trade(trade, &strategies).ok());
    Ok(of_plays.chain(of_strategies).max_by_key(|trade| trade.closed_at))
}

fn invalid(message: String) -> Status {
    Kind::Invalid.status(message)
}

fn unusable(error: &OutboxError) -> Status {
    goat::error::internal("the outbox", error)
}

fn known_kind(text: &str) -> Result<PostKind, Status> {
    PostKind::parse(text)
        .ok_or_else(|| invalid(format!("kind must be one of {}, got {text:?}", draft::KINDS.join(", "))))
}

fn checked_limit(limit: Option<u32>) -> Result<u32, Status> {
    let limit = limit.unwrap_or(LIMIT);
    if (1..=LIMIT_MAX).contains(&limit) {
        return Ok(limit);
    }
    Err(invalid(format!("limit must be from 1 to {LIMIT_MAX}, got {limit}")))
}

fn place(page_token: &str) -> Result<Option<i64>, Status> {
    if page_token.is_empty() {
        return Ok(None);
    }
    page_token.parse().map(Some).map_err(|_| invalid(format!("page_token is none of ours: {page_token:?}")))
}

fn weighted(text: &str) -> u32 {
    u32::try_from(weight(text)).unwrap_or(u32::MAX)
}

fn upstream((name, check): (&str, &Check)) -> wire::Upstream {
    wire::Upstream {
        name: name.to_owned(),
        reachable: check.is_reachable,
        reason: check.reason.clone(),
        since: UnixMicros::new(check.since).ok().map(Into::into),
    }
}

fn outbound(switch: &Switch) -> wire::Outbound {
    let stopped = switch.stopped();
    let since = stopped.as_ref().and_then(|stopped| UnixMicros::new(stopped.since).ok());
    let by_settings =
        (!switch.is_allowed()).then(|| "publisher.outbound is false in the settings".to_owned());
    wire::Outbound {
        stopped: !switch.is_open(),
        stopped_since: since.map(Into::into),
        reason: by_settings.or_else(|| stopped.map(|stopped| stopped.reason)).unwrap_or_default(),
    }
}

fn state_message(state: PostState) -> i32 {
    let state = match state {
        PostState::Preview => wire::post::State::Preview,
        PostState::Composed => wire::post::State::Composed,
        PostState::Sending => wire::post::State::Sending,
        PostState::Sent => wire::post::State::Sent,
        PostState::Refused => wire::post::State::Refused,
        PostState::Unknown => wire::post::State::Unknown,
    };
    state.into()
}

fn post_message(post: &Post) -> wire::Post {
    let part = |part: &super::delivery::Part| wire::PostPart {
        text: part.text.clone(),
        weighted_length: weighted(&part.text),
        state: state_message(if post.is_preview { PostState::Preview } else { PostState::of(&part.state) }),
        tweet_id: tweet_id(&part.state).to_owned(),
    };
    wire::Post {
        id: post.id.clone(),
        kind: post.kind.clone(),
        state: state_message(post.state()),
        composed_at: Some(post.composed_at.into()),
        sent_at: post.sent_at.map(Into::into),
        parts: post.delivery.parts.iter().map(part).collect(),
        trouble: post.delivery.trouble.clone(),
        worded_by_model: post.is_worded,
    }
}

fn alert_message(kept: Kept) -> wire::Alert {
    let Kept { alert, messages, .. } = kept;
    let severity = match alert.severity {
        Severity::Info => wire::Severity::Info,
        Severity::Warning => wire::Severity::Warning,
        Severity::Critical => wire::Severity::Critical,
    };
    let messages = messages.into_iter().map(|message| {
        let state = match message.state {
            MessageState::Waiting => wire::alert_message::State::Waiting,
            MessageState::Sent => wire::alert_message::State::Sent,
            MessageState::Failed => wire::alert_message::State::Failed,
        };
        wire::AlertMessage {
            channel: message.channel,
            state: state.into(),
            attempts: message.attempts,
            trouble: message.trouble,
            sent_at: message.sent_at.map(Into::into),
        }
    });
    wire::Alert {
        id: alert.id,
        severity: severity.into(),
        kind: alert.kind.to_owned(),
        title: alert.title,
        text: alert.text,
        raised_at: Some(alert.raised_at.into()),
        messages: messages.collect(),
    }
}
