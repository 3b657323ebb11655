//! Alerts: the operator is told what happens and what is wrong, once each, and why nothing happens.
//!
//! - `watch`: what is an alert: conditions that begin, last and end, against what was seen before. Pure.
//! - `upstreams`: what can be reached, written down every so often. Pure.
//! - `words`: entries and exits, and the silence explained. `channels`: Telegram, Discord, Slack, webhooks, mail.
//! - `deliver`: one message after the other, with attempts, quiet hours and bounds.

pub(crate) mod channels;
pub(crate) mod deliver;
pub(crate) mod upstreams;
pub(crate) mod watch;
pub(crate) mod words;
