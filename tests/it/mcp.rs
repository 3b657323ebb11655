//! The Model Context Protocol: an assistant asks the running services.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tests::cluster::{Cluster, World};
use tests::rest::Rest;
use tokio::process::Command;

const CLIENT_PATIENCE: Duration = Duration::from_mins(1);

/// One request of the protocol, answered.
async fn ask(rest: &Rest, method: &str, params: Value) -> Value {
    let request = rest
        .client
        .post(format!("{}/mcp", rest.base))
        .header("accept", "application/json, text/event-stream")
        .json(&json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}));
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200, "{method}");
    answer.json().await.unwrap()
}

/// What a tool that needs arguments is asked with.
fn arguments(tool: &str) -> Value {
    match tool {
        "get_price" | "get_price_history" => json!({"token": "SOL"}),
        "get_latest" => json!({"table": "prices", "limit": 2}),
        "get_strategy" => json!({"name": "ma_rsi-binance-BTCUSDT-300"}),
        "query_market" => json!({"sql": "SELECT count(*) AS rows FROM prices"}),
        "query_workspace" => json!({"sql": "SELECT count(*) AS rows FROM pattern_analysis"}),
        _ => json!({}),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_tool_answers_from_the_engines() {
    let cluster = Cluster::start_with_trades(World::simulated(20)).await;
    let rest = cluster.rest();

    let listed = ask(&rest, "tools/list", json!({})).await;
    println!("the list of tools: {} bytes", listed.to_string().len());
    let tools = listed["result"]["tools"].as_array().unwrap();

    assert!(tools.len() > 20, "{}", tools.len());
    for tool in tools {
        let name = tool["name"].as_str().unwrap();
        let called = ask(&rest, "tools/call", json!({"name": name, "arguments": arguments(name)})).await;
        let result = &called["result"];
        if tool["inputSchema"]["required"] == json!(["id"]) {
            // There is no position and no decision of this name: the engine says so.
            assert_eq!(result["isError"], true, "{name}: {called}");
            continue;
        }
        assert_eq!(result["isError"], false, "{name}: {called}");
        let known = tool["outputSchema"]["properties"].as_object().unwrap();
        for field in result["structuredContent"].as_object().unwrap().keys() {
            assert!(known.contains_key(field), "{name} answers {field}, which it does not describe");
        }
    }
    let price = ask(&rest, "tools/call", json!({"name": "get_price", "arguments": {"token": "SOL"}})).await;
    let shown = rest.json("/price/SOL").await;
    let fields = |answer: &Value| answer.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(fields(&price["result"]["structuredContent"]), fields(&shown));
}

/// Python with the client of the protocol's authors: named by `MCP_PYTHON`, as the Makefile does. Says SKIPPED when it
/// is not at hand.
fn python() -> Option<PathBuf> {
    let named = std::env::var_os("MCP_PYTHON").map(PathBuf::from).filter(|path| path.is_file());
    if named.is_none() {
        println!("SKIPPED: MCP_PYTHON names no Python with the package mcp (`make test` makes one)");
    }
    named
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_of_the_protocols_authors_understands_the_answers() {
    let Some(python) = python() else { return };
    let cluster = Cluster::start_with_trades(World::simulated(20)).await;

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("it/mcp/client.py");
    let mut client = Command::new(python);
    client.arg(script).arg(format!("{}/mcp", cluster.rest().base)).kill_on_drop(true);
    let ended = tokio::time::timeout(CLIENT_PATIENCE, client.output()).await.expect("it ends").unwrap();

    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success(), "{said}\n{}", String::from_utf8_lossy(&ended.stderr));
    let seen: Vec<Value> = serde_json::from_str(said.trim()).unwrap();
    let versions: Vec<&Value> = seen.iter().map(|seen| &seen["version"]).collect();
    assert_eq!(versions, ["2026-07-28", "2025-11-25"]);
    for seen in seen {
        assert_eq!(seen["server"], "follow-the-goat");
        assert!(seen["tools"].as_array().unwrap().contains(&json!("why_not")), "{seen}");
        let answers = &seen["answers"];
        assert_eq!(answers["price"]["structured"]["token"], "SOL");
        assert_eq!(answers["feeds"]["is_error"], false);
        assert_eq!(answers["latest"]["structured"]["rows"].as_array().unwrap().len(), 2);
        assert_eq!(answers["query"]["structured"]["columns"][0]["name"], "rows");
        assert_eq!(answers["unknown_table"]["is_error"], true);
        assert!(answers["unknown_table"]["text"].as_str().unwrap().contains("prizes"), "{seen}");
    }
}
