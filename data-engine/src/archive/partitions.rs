//! One partition a table and UTC day of event time.

use std::collections::HashSet;

use goat::values::UnixMicros;
use tokio_postgres::Client;

use super::ArchiveError;
use crate::hot::TableSpec;

const DAY_MICROS: i64 = 86_400_000_000;

/// A UTC day, counted from 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Day(i64);

impl Day {
    pub(super) fn of(time: UnixMicros) -> Self {
        Self(time.get().div_euclid(DAY_MICROS))
    }

    fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// Its first moment as a literal; the day after the last one that can be written is never reached.
    fn start(self) -> String {
        let start = UnixMicros::new(self.0.saturating_mul(DAY_MICROS));
        start.map_or_else(|_| "infinity".to_owned(), |time| time.to_string())
    }

    /// Such as `prices_20251229`.
    fn partition(self, table: &TableSpec) -> String {
        let date: String =
            self.start().chars().take_while(|&c| c != 'T').filter(char::is_ascii_digit).collect();
        format!("{}_{date}", table.name)
    }
}

/// The partitions that are there.
#[derive(Debug, Default)]
pub(super) struct Partitions(HashSet<String>);

impl Partitions {
    pub(super) async fn read(client: &Client) -> Result<Self, ArchiveError> {
        let rows = client
            .query("SELECT relname::text FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid", &[])
            .await?;
        let names = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
        Ok(Self(names))
    }

    /// Makes the partitions for these days, and for the one after the newest, which is soon needed.
    pub(super) async fn ensure(
        &mut self,
        client: &mut Client,
        table: &TableSpec,
        days: impl IntoIterator<Item = Day>,
    ) -> Result<(), ArchiveError> {
        let mut newest = None;
        for day in days {
            self.ensure_one(client, table, day).await?;
            newest = newest.max(Some(day));
        }
        match newest {
            Some(day) if day.next().start() != "infinity" => self.ensure_one(client, table, day.next()).await,
            _ => Ok(()),
        }
    }

    /// Made apart and then attached: readers of the table are not locked out.
    async fn ensure_one(
        &mut self,
        client: &mut Client,
        table: &TableSpec,
        day: Day,
    ) -> Result<(), ArchiveError> {
        let name = day.partition(table);
        if self.0.contains(&name) {
            return Ok(());
        }
        let (parent, from, to) = (table.name, day.start(), day.next().start());
        let transaction = client.transaction().await?;
        transaction
            .batch_execute(&format!(
                "CREATE TABLE {name} (LIKE {parent});
                 ALTER TABLE {parent} ATTACH PARTITION {name} FOR VALUES FROM ('{from}') TO ('{to}')"
            ))
            .await?;
        transaction.commit().await?;
        self.0.insert(name);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hot::TABLES;

    #[test]
    fn a_day_begins_at_midnight_in_utc() {
        let day = |text: &str| Day::of(UnixMicros::parse(text).unwrap());
        assert_eq!(day("2025-12-29T23:59:59.999999Z").partition(&TABLES[0]), "prices_20251229");
        assert_eq!(day("2025-12-29T23:59:59.999999Z").next(), day("2025-12-30T00:00:00Z"));
        assert_eq!(day("1969-12-31T23:59:59Z").start(), "1969-12-31T00:00:00Z");
        assert_eq!(day("9999-12-30T00:00:00Z").next().next().start(), "infinity");
    }
}
