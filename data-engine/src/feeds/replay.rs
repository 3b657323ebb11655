//! Recordings, told again.
//!
//! - [`files`] finds and recognises them. `parquet` and `posts` read one file as rows in the order of their time;
//!   `merge` makes one numbered sequence of them.
//! - [`feed`] tells it to the log.

pub mod feed;
pub mod files;
mod merge;
mod parquet;
mod posts;
mod row;
