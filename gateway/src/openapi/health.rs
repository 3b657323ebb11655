//! `/health`, which is no RPC.

use serde_json::{Map, Value, json};

use super::failures;
use super::messages::reference;

/// The name of its schema.
pub(super) const SCHEMA: &str = "Health";

/// The path, described.
pub(super) fn path(asks_for_tokens: bool) -> Value {
    let answer = |description: &str| json!({"description": description, "content": {"application/json": {"schema": reference(SCHEMA)}}});
    let mut responses: Map<String, Value> = failures::responses(false, asks_for_tokens).collect();
    responses.insert("200".to_owned(), answer("Both engines answer."));
    responses.insert("503".to_owned(), answer("An engine does not answer."));
    json!({"get": {
        "operationId": "Health",
        "tags": ["Gateway"],
        "summary": "How the whole is doing",
        "description": "Asks both engines, and waits one second for each.",
        "security": [{super::TOKEN: ["read"]}],
        "responses": responses,
    }})
}

/// The schema of its answer. What an engine says is there while it is up.
pub(super) fn schema() -> Value {
    let text = json!({"type": "string"});
    let number = json!({"type": "string", "format": "uint64"});
    let milliseconds = json!({"type": "integer", "format": "int32"});
    let list =
        |properties: Value| json!({"type": "array", "items": {"type": "object", "properties": properties}});
    let tables = list(json!({"name": text, "rows": {"type": "integer", "format": "uint32"}}));
    let up_or_down = json!({"type": "string", "enum": ["up", "down"]});
    json!({
        "type": "object",
        "required": ["status", "version", "market", "trading"],
        "properties": {
            "status": {
                "type": "string",
                "enum": ["ok", "degraded", "down"],
                "description": "`down` when an engine does not answer, `degraded` when a feed is stale or down.",
            },
            "version": text,
            "market": {"type": "object", "required": ["state", "reason"], "properties": {
                "state": up_or_down, "reason": text, "mode": text, "headSeq": number,
                "hotStoreReady": {"type": "boolean"},
                "feeds": list(json!({
                    "name": text, "state": text, "reason": text, "ageMs": milliseconds, "lagMs": milliseconds,
                })),
                "tables": tables,
            }},
            "trading": {"type": "object", "required": ["state", "reason"], "properties": {
                "state": up_or_down, "reason": text, "cursorSeq": number, "stateHash": text,
                "caughtUp": {"type": "boolean"}, "tables": tables,
            }},
        },
    })
}
