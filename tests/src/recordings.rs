//! Real market data, when it is at hand.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use duckdb::Connection;
use serde_json::Value;

/// The folder of recordings; says SKIPPED when it is not there.
#[must_use]
pub fn folder() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/recordings");
    let path = std::env::var_os("GOAT_RECORDINGS").map_or_else(|| PathBuf::from(default), PathBuf::from);
    if path.is_dir() {
        return path.canonicalize().ok();
    }
    println!("SKIPPED: there are no recordings at {}; GOAT_RECORDINGS names their folder", path.display());
    None
}

/// One recording; says SKIPPED when it is not there.
#[must_use]
pub fn file(name: &str) -> Option<PathBuf> {
    let path = folder()?.join(name);
    if path.is_file() {
        return Some(path);
    }
    println!("SKIPPED: there is no recording {}", path.display());
    None
}

/// The recorded prices of SOL in the order of their times: microseconds since 1970 and USD.
#[must_use]
pub fn sol_prices(recording: &std::path::Path) -> Vec<(i64, f64)> {
    let connection = Connection::open_in_memory().expect("a database in memory");
    let sql = format!(
        "SELECT epoch_us(ts::TIMESTAMP), price::DOUBLE FROM read_parquet('{}') WHERE token = 'SOL' ORDER BY ts",
        recording.display()
    );
    let mut statement = connection.prepare(&sql).expect("the recording has the columns");
    let rows =
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("the recording is readable");
    rows.collect::<Result<_, _>>().expect("the recording is readable")
}

/// A post as it came.
#[derive(Debug, Clone)]
pub struct Post {
    /// Where it was sent.
    pub path: String,
    /// What it held.
    pub body: String,
}

/// The recorded posts in their order.
#[must_use]
pub fn posts(recording: &std::path::Path) -> Vec<Post> {
    let file = std::fs::File::open(recording).expect("the recording is readable");
    let lines = BufReader::new(flate2::read::MultiGzDecoder::new(file)).lines();
    lines
        .map(|line| {
            let post: Value = serde_json::from_str(&line.expect("text")).expect("one object a line");
            let path = post["path"].as_str().expect("a path").to_owned();
            Post { path, body: post["payload"].to_string() }
        })
        .collect()
}
