//! QuickNode's side of the webhook: what is not answered is sent again.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::StatusCode;

use crate::recordings::Post;

/// How many posts are under way at once.
const PARALLEL: usize = 8;
const BEFORE_REPEATING: Duration = Duration::from_millis(20);
const REPEATS_MAX: usize = 3000;

/// Sends posts to one address.
#[derive(Debug, Clone)]
pub struct Poster {
    client: reqwest::Client,
    base: String,
    answered: Arc<AtomicUsize>,
}

impl Poster {
    /// A sender to the webhook at `address`.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(30)).build().expect("a client");
        Self { client, base: format!("http://{address}"), answered: Arc::default() }
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
        let mut request = self.client.post(format!("{}{path}", self.base)).body(body);
        request = request.header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await?;
        let status = response.status();
        Ok((status, response.text().await?))
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

    async fn post_until_answered(&self, post: &Post) {
        for _ in 0..REPEATS_MAX {
            match self.post(&post.path, &[], post.body.clone()).await {
                Ok((status, _)) if status.is_success() => {
                    self.answered.fetch_add(1, Ordering::Relaxed);
                    return;
                }
                Ok((StatusCode::SERVICE_UNAVAILABLE, _)) | Err(_) => {
                    tokio::time::sleep(BEFORE_REPEATING).await;
                }
                Ok((status, answer)) => panic!("a recorded post was answered {status}: {answer}"),
            }
        }
        panic!("a post was never answered");
    }
}
