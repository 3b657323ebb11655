//! The bytes of a post, within their bounds before and after decompression.

use std::io::Read;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_stream::StreamExt;

use super::refusal::Refusal;
use super::server::Limits;

/// Room for the bodies that are under way together. A slow sender takes of it only what it has sent.
#[derive(Debug, Clone)]
pub(super) struct Room(Arc<Semaphore>);

/// A body, and its room while it is kept.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) bytes: Bytes,
    _room: Option<OwnedSemaphorePermit>,
}

impl Room {
    pub(super) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes.min(Semaphore::MAX_PERMITS))))
    }

    /// All of a body of at most `bytes_max`.
    pub(super) async fn read(
        &self,
        limits: Limits,
        bytes_max: usize,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Whole, Refusal> {
        let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        if announced.is_some_and(|length: usize| length > bytes_max) {
            return Err(Refusal::TooLarge(bytes_max));
        }
        let whole = self.collect(bytes_max, body);
        let timeout = limits.body_timeout;
        tokio::time::timeout(timeout, whole).await.map_err(|_| Refusal::TooSlow(timeout))?
    }

    async fn collect(&self, bytes_max: usize, body: Body) -> Result<Whole, Refusal> {
        let mut stream = body.into_data_stream();
        let (mut bytes, mut room) = (Vec::new(), None);
        while let Some(part) = stream.next().await {
            let part = part.map_err(|_| Refusal::BrokenOff)?;
            if bytes.len() + part.len() > bytes_max {
                return Err(Refusal::TooLarge(bytes_max));
            }
            let more = self.take(part.len())?;
            match &mut room {
                None => room = Some(more),
                Some(taken) => taken.merge(more),
            }
            bytes.extend_from_slice(&part);
        }
        Ok(Whole { bytes: Bytes::from(bytes), _room: room })
    }

    fn take(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Refusal> {
        let permits = u32::try_from(bytes).map_err(|_| Refusal::Busy)?;
        Arc::clone(&self.0).try_acquire_many_owned(permits).map_err(|_| Refusal::Busy)
    }
}

/// Whether the body is compressed.
pub(super) fn is_gzip(headers: &HeaderMap) -> Result<bool, Refusal> {
    let Some(encoding) = headers.get(CONTENT_ENCODING) else { return Ok(false) };
    match encoding.to_str().unwrap_or("?").trim().to_ascii_lowercase().as_str() {
        "gzip" | "x-gzip" => Ok(true),
        "identity" | "" => Ok(false),
        other => Err(Refusal::UnknownEncoding(other.chars().take(64).collect())),
    }
}

/// The body that was compressed, of at most `bytes_max`.
pub(super) fn unzip(body: &[u8], bytes_max: usize) -> Result<Bytes, Refusal> {
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    let mut plain = Vec::new();
    flate2::read::MultiGzDecoder::new(body)
        .take(limit)
        .read_to_end(&mut plain)
        .map_err(|_| Refusal::NotGzip)?;
    if plain.len() > bytes_max {
        return Err(Refusal::TooLarge(bytes_max));
    }
    Ok(Bytes::from(plain))
}
