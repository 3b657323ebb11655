//! One sequence made of several files.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use goat::event::{Observation, Payload};
use goat::service::Failure;
use goat::values::{Symbol, UnixMicros};
use smallvec::SmallVec;

use super::files::{Kind, Recording};
use super::row::Row;
use super::{parquet, posts};

type Rows = Box<dyn Iterator<Item = Result<Row, Failure>> + Send>;

/// The observations of all files by their arrival, numbered from 1.
///
/// What arrived at once is told by kind, then by file, then by the order within the file, so the same files give the
/// same numbers. A price that several files repeat, the same token at the same time, is told once.
pub(super) struct Merge {
    files: Vec<(Rows, Option<Row>)>,
    /// The files that have a row, the one with the earliest on top.
    queue: BinaryHeap<Reverse<(UnixMicros, usize)>>,
    /// What is left of the row being told.
    telling: smallvec::IntoIter<[Observation; 1]>,
    prices_at: (UnixMicros, SmallVec<[Symbol; 4]>),
    position: u64,
}

impl Merge {
    pub(super) fn open(recordings: &[Recording]) -> Result<Self, Failure> {
        let rows = recordings
            .iter()
            .map(|recording| match recording.kind {
                Kind::Prices | Kind::Books => Ok(Box::new(parquet::Reader::open(recording)?) as Rows),
                Kind::Posts => Ok(Box::new(posts::Reader::open(recording)?) as Rows),
            })
            .collect::<Result<_, Failure>>()?;
        Self::new(rows)
    }

    fn new(rows: Vec<Rows>) -> Result<Self, Failure> {
        let mut merge = Self {
            files: rows.into_iter().map(|rows| (rows, None)).collect(),
            queue: BinaryHeap::new(),
            telling: SmallVec::new().into_iter(),
            prices_at: (UnixMicros::default(), SmallVec::new()),
            position: 0,
        };
        for file in 0..merge.files.len() {
            merge.refill(file)?;
        }
        Ok(merge)
    }

    fn refill(&mut self, file: usize) -> Result<(), Failure> {
        let Some((rows, head)) = self.files.get_mut(file) else { return Ok(()) };
        *head = rows.next().transpose()?;
        if let Some(row) = head {
            self.queue.push(Reverse((row.time, file)));
        }
        Ok(())
    }

    fn next_row(&mut self) -> Result<Option<Row>, Failure> {
        let Some(Reverse((_, file))) = self.queue.pop() else { return Ok(None) };
        let row = self.files.get_mut(file).and_then(|(_, head)| head.take());
        self.refill(file)?;
        Ok(row)
    }

    /// Whether a price of this token at this time was told before.
    fn is_repeated(&mut self, observation: &Observation) -> bool {
        let Payload::Price(price) = &observation.payload else { return false };
        let (time, tokens) = &mut self.prices_at;
        if *time != observation.event_time {
            *time = observation.event_time;
            tokens.clear();
        }
        let repeated = tokens.contains(&price.token);
        if !repeated {
            tokens.push(price.token);
        }
        repeated
    }
}

impl Iterator for Merge {
    type Item = Result<Observation, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(mut observation) = self.telling.next() {
                if self.is_repeated(&observation) {
                    continue;
                }
                self.position += 1;
                observation.source_position = self.position;
                return Some(Ok(observation));
            }
            match self.next_row() {
                Ok(Some(row)) => self.telling = row.observations.into_iter(),
                Ok(None) => return None,
                Err(failure) => return Some(Err(failure)),
            }
        }
    }
}

#[cfg(test)]
mod tests;
