//! QuickNode's side of the webhook: what is not answered is sent again.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::StatusCode;

use crate::recordings::Post;
use crate::rest::Answer;
use crate::signer::Signer;

/// How many posts are under way at once.
const PARALLEL: usize = 8;
const BEFORE_REPEATING: Duration = Duration::from_millis(20);
const REPEATS_MAX: usize = 3000;

/// Sends posts to one address.
#[derive(Debug, Clone)]
pub struct Poster {
    client: reqwest::Client,
    base: String,
    signer: Option<Signer>,
    answered: Arc<AtomicUsize>,
}

impl Poster {
    /// A sender to the webhook at `address`.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(30)).build().expect("a client");
        Self { client, base: format!("http://{address}"), signer: None, answered: Arc::default() }
    }

    /// A sender that signs with `token` whatever [`Poster::post_all`] sends.
    #[must_use]
    pub fn signing(address: SocketAddr, token: &str) -> Self {
        Self { signer: Some(Signer::new(token)), ..Self::new(address) }
    }

    /// Posts that were answered with success so far.
    #[must_use]
    pub fn answered(&self) -> usize {
        self.answered.load(Ordering::Relaxed)
    }

    /// Sends one post once: the status and the answer.
    ///
    /// # Errors
    ///
    /// When there was no answer.
    pub async fn post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> reqwest::Result<(StatusCode, String)> {
        let answer = self.send(path, headers, body).await?;
        Ok((StatusCode::from_u16(answer.status).expect("a status"), answer.text))
    }

    /// Sends one post once: the whole answer.
    ///
    /// # Errors
    ///
    /// When there was no answer.
    pub async fn send<V: AsRef<str>>(
        &self,
        path: &str,
        headers: &[(&str, V)],
        body: impl Into<reqwest::Body>,
    ) -> reqwest::Result<Answer> {
        let mut request = self.client.post(format!("{}{path}", self.base)).body(body);
        request = request.header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, value.as_ref());
        }
        Answer::of(request.send().await?).await
    }

    /// Sends all posts, several at a time, each until it is answered with success.
    pub async fn post_all(&self, posts: &[Post]) {
        let posts: Arc<[Post]> = posts.into();
        let next = Arc::new(AtomicUsize::new(0));
        let mut senders = tokio::task::JoinSet::new();
        for _ in 0..PARALLEL {
            let (poster, posts, next) = (self.clone(), Arc::clone(&posts), Arc::clone(&next));
            senders.spawn(async move {
                while let Some(post) = posts.get(next.fetch_add(1, Ordering::Relaxed)) {
                    poster.post_until_answered(post).await;
                }
            });
        }
        while let Some(sender) = senders.join_next().await {
            sender.expect("a sender of posts");
        }
    }

    /// Signed once, and repeated as it is.
    async fn post_until_answered(&self, post: &Post) {
        let headers = self.signer.as_ref().map(|signer| signer.sign(post.body.as_bytes()));
        let headers = headers.as_ref().map_or(&[][..], |headers| headers);
        let mut answer_lost = false;
        for _ in 0..REPEATS_MAX {
            match self.send(&post.path, headers, post.body.clone()).await {
                Ok(answer) if answer.status == 200 => {
                    self.answered.fetch_add(1, Ordering::Relaxed);
                    return;
                }
                // It was recorded; what was lost is the answer.
                Ok(answer) if answer_lost && is_replayed(&answer) => {
                    self.answered.fetch_add(1, Ordering::Relaxed);
                    return;
                }
                Ok(answer) if answer.status == 503 => {}
                Ok(answer) => panic!("a recorded post was answered {}: {}", answer.status, answer.text),
                Err(_) => answer_lost = true,
            }
            tokio::time::sleep(BEFORE_REPEATING).await;
        }
        panic!("a post was never answered");
    }
}

fn is_replayed(answer: &Answer) -> bool {
    answer.status == 401 && answer.json()["reason"] == "replayed_nonce"
}
