//! Posts to X: what is told in public, from facts, once each.
//!
//! - `facts`: measured values; `amount`: as exact as they are shown. `text`: words of others, made safe.
//! - `templates`: what each kind of post says; `lessons`: educational texts. `draft`: a post's identity and its parts.
//! - `weight`, `thread`: how long a text is for X, and a text as several posts.
//! - `desk`: what is composed and when something may be sent. `delivery`: how one post gets out. `track`: which positions
//!   are news. All pure.
//! - `gather`: facts from the engines. `outbox`: what was composed and what became of it; `switch`: the one that stops all.
//! - `x`, `oauth`: the API; `wording`: a model's words, checked. `run`: the shell; `serve`: `goat.publisher.v1`.

pub(crate) mod amount;
pub(crate) mod delivery;
pub(crate) mod desk;
pub(crate) mod draft;
pub(crate) mod facts;
pub(crate) mod gather;
pub(crate) mod lessons;
mod oauth;
pub(crate) mod outbox;
pub(crate) mod run;
pub(crate) mod serve;
pub(crate) mod switch;
pub(crate) mod templates;
pub(crate) mod text;
pub(crate) mod thread;
pub(crate) mod track;
pub(crate) mod weight;
pub(crate) mod wording;
pub(crate) mod x;
