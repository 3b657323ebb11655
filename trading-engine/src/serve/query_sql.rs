//! Read-only SQL on the workspace, by whoever may read.

use goat::error::{Kind, internal};
use goat::query::{self, QueryError};
use goat::wire::market::QueryResponse;
use goat::wire::trading as wire;
use tonic::Status;

use super::Trading;

impl Trading {
    pub(super) async fn query_sql(
        &self,
        request: wire::QuerySqlRequest,
    ) -> Result<wire::QuerySqlResponse, Status> {
        let place = self.queries.places.take().await.map_err(status)?;
        let tables = self.queries.tables.clone();
        let answered = query::answer(tables, &self.queries.limits, request.sql, place).await;
        let QueryResponse { columns, rows, count, truncated, took_ms, applied_seq } =
            answered.map_err(status)?;
        Ok(wire::QuerySqlResponse { columns, rows, count, truncated, took_ms, cursor_seq: applied_seq })
    }
}

fn status(error: QueryError) -> Status {
    match error {
        QueryError::Refused(_) | QueryError::NotUnderstood(_) => Kind::Invalid.status(error.to_string()),
        QueryError::TooLong(_) | QueryError::TooMuchMemory(_) | QueryError::TooMany(_) => {
            Kind::Exhausted.status(error.to_string())
        }
        QueryError::Failed(reason) => internal("answering a query", &reason),
    }
}
