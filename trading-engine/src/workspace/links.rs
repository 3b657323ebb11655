//! The chain of results by days.

use goat::values::Seq;

use super::readers::{Readers, WorkspaceError};
use crate::chain::{Bundle, Head, Link};

impl Readers {
    /// The days of which there are links, the oldest first, each with the newest position in the log.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub async fn days_of_links(&self) -> Result<Vec<(i64, u64)>, WorkspaceError> {
        self.read(|connection| {
            let sql = "SELECT epoch_us(time) // 86400000000 AS day, max(seq) FROM result_chain \
                       GROUP BY day ORDER BY day";
            let mut statement = connection.prepare(sql)?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The newest link that the commit up to the position `seq` in the log has; none before the first.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn committed_head(&self, seq: Seq) -> Result<Option<Head>, WorkspaceError> {
        let condition = "WHERE seq <= ? ORDER BY number DESC LIMIT 1".to_owned();
        let links: Vec<Link> = self.records(condition, vec![Box::new(seq.get())]).await?;
        Ok(links.first().map(Head::at))
    }

    /// The links of a day, up to the number `last` when it is given; none when there is none.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub async fn bundle(&self, day: i64, last: Option<u64>) -> Result<Option<Bundle>, WorkspaceError> {
        let begins = day.saturating_mul(86_400_000_000);
        let condition =
            "WHERE time >= make_timestamp(?) AND time < make_timestamp(?) AND number <= ? ORDER BY number";
        let last = last.and_then(|last| i64::try_from(last).ok()).unwrap_or(i64::MAX);
        let parameters: Vec<Box<dyn duckdb::ToSql + Send>> =
            vec![Box::new(begins), Box::new(begins.saturating_add(86_400_000_000)), Box::new(last)];
        let links: Vec<Link> = self.records(condition.to_owned(), parameters).await?;
        Ok(links.first().map(|first| first.previous.clone()).map(|previous| Bundle { day, previous, links }))
    }
}
