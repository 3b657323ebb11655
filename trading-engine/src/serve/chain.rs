//! The chain of results, and its bundles.

use goat::error::{Kind, internal};
use goat::wire::trading as wire;
use tonic::Status;

use super::Trading;
use crate::chain::{Bundle, day_name, day_of};

/// Of the text in one answer: a megabyte.
const CHUNK_BYTES: usize = 1 << 20;

impl Trading {
    pub(super) async fn result_chain(&self) -> Result<wire::GetResultChainResponse, Status> {
        let (head, seq, today) = {
            let view = self.view.read();
            (view.chain.clone(), view.state.seq, day_of(view.clock))
        };
        let days = self.readers.days_of_links().await;
        let days = days.map_err(|error| internal("reading result_chain", &error))?;
        let committed = self.readers.committed_head(seq).await;
        let committed = committed.map_err(|error| internal("reading result_chain", &error))?;
        let day = |(day, last_seq): (i64, u64)| wire::ResultDay {
            day: day_name(day),
            is_over: day < today,
            committed: last_seq <= seq.get(),
        };
        Ok(wire::GetResultChainResponse {
            records: head.number,
            head: head.hash,
            public_key: self.signing.key.public(),
            days: days.into_iter().map(day).collect(),
            folder: self.signing.folder.display().to_string(),
            committed: committed.map(|head| wire::ChainRecord {
                number: head.number,
                hash: head.hash,
                time: Some(head.time.into()),
            }),
        })
    }

    pub(super) async fn bundle(
        &self,
        request: wire::GetBundleRequest,
    ) -> Result<wire::GetBundleResponse, Status> {
        let wire::GetBundleRequest { day: named, offset, last_record } = request;
        let found = self.bundle_of(&named, Some(last_record).filter(|last| *last > 0)).await?;
        let text = found.text(&self.signing.key).map_err(|error| internal("writing a bundle", &error))?;
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = text.get(offset..).ok_or_else(|| {
            Kind::Invalid.status(format!("offset is {offset}; the bundle has {} bytes", text.len()))
        })?;
        let chunk = rest.get(..CHUNK_BYTES.min(rest.len())).unwrap_or(rest);
        let next = offset + chunk.len();
        Ok(wire::GetBundleResponse {
            day: day_name(found.day),
            last_record: found.links.last().map_or(0, |link| link.number),
            text: chunk.to_owned(),
            next_offset: if next < text.len() { next as u64 } else { 0 },
            bytes: text.len() as u64,
        })
    }

    /// The links of a day of which there are any; of the newest when none is named.
    async fn bundle_of(&self, named: &str, last: Option<u64>) -> Result<Bundle, Status> {
        let reading = |error| internal("reading result_chain", &error);
        let days = self.readers.days_of_links().await.map_err(reading)?;
        let wanted = |(day, _): &&(i64, u64)| named.is_empty() || day_name(*day) == named;
        let none = || {
            let known: Vec<String> = days.iter().map(|(day, _)| day_name(*day)).collect();
            Kind::NotFound
                .status(format!("there are no results of {named:?}; there are {}", known.join(", ")))
        };
        let (day, _) = days.iter().rev().find(wanted).ok_or_else(none)?;
        self.readers.bundle(*day, last).await.map_err(reading)?.ok_or_else(none)
    }
}
