use super::*;

fn at(seconds: i64) -> UnixMicros {
    UnixMicros::from_seconds(1_767_478_400 + seconds).unwrap()
}

fn condition() -> Condition {
    Condition { market: Ok(market::GetStatusResponse::default()), trading: Ok(trading_status(0)) }
}

fn trading_status(seconds: i64) -> trading::GetStatusResponse {
    trading::GetStatusResponse {
        log_id: "log".to_owned(),
        caught_up: true,
        cursor_event_time: Some(at(seconds).into()),
        ..trading::GetStatusResponse::default()
    }
}

fn see(
    watch: &mut Watch,
    condition: &Condition,
    equity: Option<f64>,
    seconds: i64,
) -> Vec<(Severity, String)> {
    let account = equity.map(|equity_usd| trading::Account { equity_usd, ..trading::Account::default() });
    let seen = Observation {
        condition,
        account: account.as_ref(),
        strategies: None,
        last_entry: None,
        free_bytes: None,
    };
    let alerts = watch.see(&seen, &Settings::default(), at(seconds)).alerts;
    alerts.into_iter().map(|alert| (alert.severity, alert.title)).collect()
}

#[test]
fn an_engine_is_down_after_a_while_and_its_end_is_told() {
    let (mut watch, well) = (Watch::default(), condition());
    let gone = Condition { trading: Err("nobody is there".to_owned()), ..condition() };

    assert!(see(&mut watch, &gone, None, 0).is_empty(), "a restart is no alert");
    assert!(see(&mut watch, &gone, None, 29).is_empty());
    let down = (Severity::Critical, "The trading-engine does not answer".to_owned());
    assert_eq!(see(&mut watch, &gone, None, 30), [down]);
    assert!(see(&mut watch, &gone, None, 60).is_empty(), "once");
    let over = (Severity::Info, "Over: The trading-engine does not answer".to_owned());
    assert_eq!(see(&mut watch, &well, None, 90), [over]);
    assert!(see(&mut watch, &well, None, 91).is_empty());
}

#[test]
fn what_lasts_is_not_told_again_after_a_restart() {
    let gone = Condition { market: Err("nobody is there".to_owned()), ..condition() };
    let mut watch = Watch::default();
    see(&mut watch, &gone, None, 0);
    assert_eq!(see(&mut watch, &gone, None, 40).len(), 1);

    let kept = serde_json::to_string(&watch).unwrap();
    let mut watch: Watch = serde_json::from_str(&kept).unwrap();

    assert!(see(&mut watch, &gone, None, 80).is_empty());
}

#[test]
fn a_feed_that_is_stale_then_down_then_live_is_told_thrice() {
    let feed = |state: feed::State| {
        let feed = market::Feed { name: "prices".to_owned(), state: state.into(), ..market::Feed::default() };
        let market = market::GetStatusResponse { feeds: vec![feed], ..market::GetStatusResponse::default() };
        Condition { market: Ok(market), ..condition() }
    };
    let mut watch = Watch::default();

    let stale = see(&mut watch, &feed(feed::State::Stale), None, 0);
    let down = see(&mut watch, &feed(feed::State::Down), None, 1);
    let live = see(&mut watch, &feed(feed::State::Live), None, 2);

    assert_eq!(stale, [(Severity::Warning, "The feed prices is stale".to_owned())]);
    assert_eq!(down, [(Severity::Critical, "The feed prices is down".to_owned())]);
    assert_eq!(live, [(Severity::Info, "Over: The feed prices is down".to_owned())]);
}

#[test]
fn a_drawdown_is_told_once_for_each_peak() {
    let (mut watch, well) = (Watch::default(), condition());
    see(&mut watch, &well, Some(10_000.0), 0);

    assert!(see(&mut watch, &well, Some(9_001.0), 1).is_empty());
    let told = see(&mut watch, &well, Some(9_000.0), 2);
    assert_eq!(told, [(Severity::Warning, "Equity is 10.00% below its highest".to_owned())]);
    assert!(see(&mut watch, &well, Some(8_000.0), 3).is_empty());
    assert!(see(&mut watch, &well, Some(11_000.0), 4).is_empty(), "a new peak");
    assert_eq!(see(&mut watch, &well, Some(9_900.0), 5).len(), 1);
}

#[test]
fn silence_is_counted_in_event_time_from_the_last_entry() {
    let mut watch = Watch::default();
    let mut silent = |seconds: i64, last_entry: Option<i64>| {
        let condition = Condition { trading: Ok(trading_status(seconds)), ..condition() };
        let last_entry = last_entry.map(at);
        let seen = Observation {
            condition: &condition,
            account: None,
            strategies: None,
            last_entry,
            free_bytes: None,
        };
        watch.see(&seen, &Settings::default(), at(0)).silent_since
    };
    let hour = 3600;

    assert_eq!(silent(0, None), None);
    assert_eq!(silent(5 * hour, Some(4 * hour)), None);
    assert_eq!(silent(9 * hour, Some(4 * hour)), None);
    assert_eq!(silent(10 * hour, Some(4 * hour)), Some(at(4 * hour)));
    assert_eq!(silent(11 * hour, Some(4 * hour)), None, "once");
    assert_eq!(silent(16 * hour, Some(4 * hour)), Some(at(10 * hour)), "and again after as long");
}

#[test]
fn a_strategys_pause_is_told_with_its_cause_and_its_end() {
    let (mut watch, well) = (Watch::default(), condition());
    let pausing = trading::Strategy {
        name: "ma_rsi-binance-BTCUSDT-300".to_owned(),
        rules: "ma_rsi".to_owned(),
        venue: market::Venue::Binance.into(),
        symbol: "BTCUSDT".to_owned(),
        interval_seconds: 300,
        pause: Some(trading::StrategyPause {
            cause: "losses in a row".to_owned(),
            since: Some(at(0).into()),
            until: Some(at(14_400).into()),
        }),
        ..trading::Strategy::default()
    };
    let mut see = |strategies: Option<&[trading::Strategy]>, seconds| {
        let seen =
            Observation { condition: &well, account: None, strategies, last_entry: None, free_bytes: None };
        watch.see(&seen, &Settings::default(), at(seconds)).alerts
    };

    let told = see(Some(std::slice::from_ref(&pausing)), 5);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].title, "Paused: ma_rsi Binance BTCUSDT 5m");
    assert!(told[0].text.starts_with("losses in a row; until "), "{}", told[0].text);
    assert!(see(Some(&[pausing]), 10).is_empty(), "once");
    assert!(see(None, 15).is_empty(), "what cannot be asked is not over");
    let over = see(Some(&[]), 20);
    assert_eq!(over[0].title, "Over: Paused: ma_rsi Binance BTCUSDT 5m");
}
