//! Which RPCs are tools, described by the schema's own comments and messages.

use std::collections::BTreeMap;
use std::sync::Arc;

use goat::access::{self, Scope};
use prost_reflect::MethodDescriptor;
use rmcp::model::{JsonObject, ToolAnnotations};
use serde_json::{Map, Value, json};

use crate::engines::Engines;
use crate::openapi::{DEFINITIONS, Messages};
use crate::rest::Rpc;
use crate::schema::{BadSchema, Comments, Operation, Schema, summary};

/// The tools: what an assistant calls them, and the RPC that answers.
const TOOLS: [(&str, &str); 24] = [
    ("market_status", "goat.market.v1.MarketDataService.GetStatus"),
    ("get_price", "goat.market.v1.MarketDataService.GetPrice"),
    ("get_price_history", "goat.market.v1.MarketDataService.GetPriceHistory"),
    ("get_latest", "goat.market.v1.MarketDataService.GetLatest"),
    ("list_tables", "goat.market.v1.MarketDataService.ListTables"),
    ("list_feeds", "goat.market.v1.MarketDataService.ListFeeds"),
    ("list_gaps", "goat.market.v1.MarketDataService.ListGaps"),
    ("query_market", "goat.market.v1.MarketDataService.Query"),
    ("trading_status", "goat.trading.v1.TradingService.GetStatus"),
    ("list_cycles", "goat.trading.v1.TradingService.ListCycles"),
    ("list_plays", "goat.trading.v1.TradingService.ListPlays"),
    ("list_positions", "goat.trading.v1.TradingService.ListPositions"),
    ("get_position", "goat.trading.v1.TradingService.GetPosition"),
    ("get_account", "goat.trading.v1.TradingService.GetAccount"),
    ("why_not", "goat.trading.v1.TradingService.WhyNot"),
    ("get_funnel", "goat.trading.v1.TradingService.GetFunnel"),
    ("list_decisions", "goat.trading.v1.TradingService.ListDecisions"),
    ("explain_decision", "goat.trading.v1.TradingService.ExplainDecision"),
    ("rank_wallets", "goat.trading.v1.TradingService.RankWallets"),
    ("get_results", "goat.trading.v1.TradingService.GetResults"),
    ("list_strategies", "goat.trading.v1.TradingService.ListStrategies"),
    ("get_strategy", "goat.trading.v1.TradingService.GetStrategy"),
    ("compare_stats", "goat.trading.v1.TradingService.CompareStats"),
    ("query_workspace", "goat.trading.v1.TradingService.QuerySql"),
];

/// One RPC that an assistant may ask.
pub(super) struct Tool {
    pub(super) rpc: Rpc,
    described: rmcp::model::Tool,
}

/// All of them, by name.
pub(super) struct Tools(BTreeMap<&'static str, Tool>);

impl Tools {
    /// The tools, answered by these engines.
    ///
    /// # Errors
    ///
    /// When an RPC is not in the schema, changes something, or answers with a stream.
    pub(super) fn of(schema: &Schema, engines: &Engines) -> Result<Self, BadSchema> {
        let comments = Comments::of(&schema.pool);
        let tools = TOOLS.into_iter().map(|(name, rpc)| {
            let bad = |problem: String| BadSchema::BadRule { rpc: rpc.to_owned(), problem };
            let operation = offered(schema, rpc).map_err(|reason| bad(reason.to_owned()))?;
            let described = described(name, operation, &comments);
            Ok((name, Tool { rpc: Rpc::of(&operation.rpc, engines).map_err(bad)?, described }))
        });
        tools.collect::<Result<_, _>>().map(Self)
    }

    /// The tool of this name.
    ///
    /// # Errors
    ///
    /// When there is none; names those that there are.
    pub(super) fn named(&self, name: &str) -> Result<&Tool, String> {
        self.0.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.0.keys().copied().collect();
            format!("there is no tool {name:?}; known here: {}", known.join(", "))
        })
    }

    /// What each is for, what it takes and what it answers.
    pub(super) fn described(&self) -> Vec<rmcp::model::Tool> {
        self.0.values().map(|tool| tool.described.clone()).collect()
    }
}

fn offered<'a>(schema: &'a Schema, name: &str) -> Result<&'a Operation, &'static str> {
    let operation = schema.operations.iter().find(|operation| operation.rpc.full_name() == name);
    let operation = operation.ok_or("is offered to assistants, and has no path in the schema")?;
    if access::scope(&operation.rpc) != Scope::Read {
        return Err("is offered to assistants, and changes something");
    }
    if operation.rpc.is_server_streaming() {
        return Err("is offered to assistants, and answers with a stream");
    }
    Ok(operation)
}

fn described(name: &'static str, operation: &Operation, comments: &Comments) -> rmcp::model::Tool {
    let rpc = &operation.rpc;
    let comment = comments.at(&rpc.parent_file(), rpc.path());
    let annotations = ToolAnnotations::new().read_only(true).idempotent(true).open_world(false);
    rmcp::model::Tool::new(name, comment.to_owned(), Arc::new(arguments(operation, comments)))
        .with_title(summary(comment))
        .with_raw_output_schema(Arc::new(answer(rpc, comments)))
        .with_annotations(annotations)
}

/// The fields of the request by their names in the schema; those that a path captures cannot be left out.
fn arguments(operation: &Operation, comments: &Comments) -> JsonObject {
    let mut messages = Messages::new(comments, DEFINITIONS);
    let properties: Map<String, Value> = operation
        .rpc
        .input()
        .fields()
        .map(|field| (field.name().to_owned(), messages.field(&field)))
        .collect();
    let captured = operation.bindings.first().into_iter().flat_map(|binding| binding.template.captures());
    let required: Vec<&str> = captured.filter_map(|fields| Some(fields.first()?.name())).collect();
    JsonObject::from_iter([
        ("type".to_owned(), json!("object")),
        ("properties".to_owned(), properties.into()),
        ("required".to_owned(), json!(required)),
        ("additionalProperties".to_owned(), json!(false)),
        ("$defs".to_owned(), messages.into_schemas().into()),
    ])
}

fn answer(rpc: &MethodDescriptor, comments: &Comments) -> JsonObject {
    let mut messages = Messages::new(comments, DEFINITIONS);
    let properties: Map<String, Value> =
        rpc.output().fields().map(|field| (field.json_name().to_owned(), messages.field(&field))).collect();
    JsonObject::from_iter([
        ("type".to_owned(), json!("object")),
        ("properties".to_owned(), properties.into()),
        ("$defs".to_owned(), messages.into_schemas().into()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_only_looks_and_tells_what_it_is_for() {
        let schema = Schema::load().unwrap();
        let comments = Comments::of(&schema.pool);

        for (name, rpc) in TOOLS {
            let tool = described(name, offered(&schema, rpc).unwrap(), &comments);
            assert!(tool.description.is_some_and(|description| !description.is_empty()), "{name}");
            assert_eq!(tool.annotations.and_then(|hints| hints.read_only_hint), Some(true), "{name}");
        }
    }

    #[test]
    fn what_changes_something_streams_or_does_not_exist_is_not_offered() {
        let schema = Schema::load().unwrap();
        let refusal = |rpc: &str| offered(&schema, rpc).err().unwrap();

        assert!(refusal("goat.market.v1.MarketDataService.Insert").ends_with("changes something"));
        assert!(refusal("goat.market.v1.MarketDataService.StreamPrices").ends_with("answers with a stream"));
        assert!(refusal("goat.market.v1.MarketDataService.GetPrize").ends_with("has no path in the schema"));
    }

    #[test]
    fn arguments_are_known_by_their_names_in_the_schema_and_a_captured_one_is_required() {
        let schema = Schema::load().unwrap();
        let operation = offered(&schema, "goat.market.v1.MarketDataService.GetPriceHistory").unwrap();

        let arguments = arguments(operation, &Comments::of(&schema.pool));

        let names: Vec<&String> = arguments["properties"].as_object().unwrap().keys().collect();
        assert_eq!(names, ["hours", "max_points", "token"]);
        assert_eq!(arguments["required"], json!(["token"]));
        assert_eq!(arguments["additionalProperties"], json!(false));
    }
}
