//! The original's files, `<exchange>_trading_stats.json`: written anew whenever a paper strategy changes.
//!
//! A reader sees a whole file, the old or the new. Off unless `trading.stats_folder` says where.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use goat::service::{Failure, Stop};
use goat::wire::{DESCRIPTORS, trading as wire};
use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, ReflectMessage, SerializeOptions};
use serde_json::Value;

use crate::chain::write_file;
use crate::serve::Trading;

const EVERY: Duration = Duration::from_secs(1);
const EXCHANGES: [&str; 2] = ["binance", "bybit"];

/// Writes the files into `folder` until `stop`; none without one.
///
/// # Errors
///
/// When one cannot be written.
pub async fn write(folder: Option<PathBuf>, trading: Trading, stop: Stop) -> Result<(), Failure> {
    let Some(folder) = folder else { return Ok(()) };
    let mut written = None;
    while stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
        let shown = trading.view.read().strategies.clone();
        if written.as_ref().is_some_and(|written| Arc::ptr_eq(written, &shown)) {
            continue;
        }
        for exchange in EXCHANGES {
            let request = wire::GetStatsRequest { exchange: exchange.to_owned(), strategy: String::new() };
            match trading.stats(request).await {
                Ok(stats) => write_one(&folder, exchange, &stats)?,
                // No strategy runs there.
                Err(status) if status.code() == tonic::Code::NotFound => {}
                Err(status) => return Err(Failure::Internal(status.message().to_owned())),
            }
        }
        written = Some(shown);
    }
    Ok(())
}

fn write_one(folder: &Path, exchange: &str, stats: &wire::GetStatsResponse) -> Result<(), Failure> {
    let path = folder.join(format!("{exchange}_trading_stats.json"));
    let json = to_json(stats).map_err(|error| Failure::Internal(error.to_string()))?;
    let text = serde_json::to_string_pretty(&json).map_err(|error| Failure::Internal(error.to_string()))?;
    write_file(&path, &text).map_err(|error| Failure::Io(format!("{}: {error}", path.display())))
}

/// With every name, as readers of the original's files expect: what is absent is null.
fn to_json(stats: &wire::GetStatsResponse) -> Result<Value, Box<dyn std::error::Error>> {
    let pool = DescriptorPool::decode(DESCRIPTORS)?;
    let descriptor =
        pool.get_message_by_name("goat.trading.v1.GetStatsResponse").ok_or("it has no message")?;
    let mut message = DynamicMessage::new(descriptor);
    message.transcode_from(stats)?;
    let options = SerializeOptions::new().skip_default_fields(false);
    let mut json = message.serialize_with_options(serde_json::value::Serializer, &options)?;
    add_nulls(&message, &mut json);
    Ok(json)
}

fn add_nulls(message: &DynamicMessage, json: &mut Value) {
    let Some(names) = json.as_object_mut() else { return };
    for field in message.descriptor().fields().filter(FieldDescriptor::supports_presence) {
        if !message.has_field(&field) {
            names.insert(field.json_name().to_owned(), Value::Null);
        } else if let (Some(inner), Some(json)) =
            (message.get_field(&field).as_message(), names.get_mut(field.json_name()))
        {
            add_nulls(inner, json);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_is_null_and_what_is_zero_is_there() {
        let risk = wire::RiskControl { trading_paused: false, pause_reason: None, daily_loss: 0.0 };
        let stats = wire::GetStatsResponse {
            exchange: "bybit".to_owned(),
            risk_control: Some(risk),
            ..wire::GetStatsResponse::default()
        };

        let json = to_json(&stats).unwrap();

        for name in ["currentPosition", "winRate", "profitFactor", "bestTrade", "worstTrade"] {
            assert_eq!(json.get(name), Some(&Value::Null), "{name}: {json}");
        }
        let risk = serde_json::json!({"tradingPaused": false, "pauseReason": null, "dailyLoss": 0.0});
        assert_eq!(json.get("riskControl"), Some(&risk));
        assert_eq!((json.get("totalTrades"), json.get("totalPnL")), (Some(&0.into()), Some(&0.0.into())));
        assert_eq!(json.get("recentTrades"), Some(&serde_json::json!([])));
    }
}
