//! Copy trading with the real programs: the same whichever way the log is read, and whole.

mod automatic;
mod bad_plays;
mod downtime;
mod recorded;

#[path = "../../data-engine/src/archive/tests/cluster.rs"]
#[allow(unreachable_pub, dead_code)]
pub(crate) mod postgres;

use std::time::Duration;

use goat::prost::Message;
use goat::wire::trading as wire;
use serde_json::{Value, json};
use tests::cluster::Cluster;
use tests::until::until;

const PATIENCE: Duration = Duration::from_mins(10);

/// A play that follows these wallets, or those a query finds, with a stop close enough that positions are left.
fn play(id: &str, wallets: &Value) -> Value {
    json!({
        "id": id, "name": id, "active": true, "wallets": wallets, "maxEntriesPerCycle": 20, "sizeUsd": 100,
        "exit": {
            "decreases": [{"from": -1.0, "to": 0.0, "tolerance": 0.001}],
            "increases": [{"from": 0.0, "to": 1.0, "tolerance": 0.0005}],
            "maximumHoldSeconds": 600
        }
    })
}

/// Writes plays into files that `trading.plays` can name, and returns the setting.
fn files(cluster: &Cluster, plays: &[Value]) -> String {
    let paths = plays.iter().map(|play| {
        let path = cluster.directory.path().join(format!("{}.json", play["id"].as_str().unwrap()));
        std::fs::write(&path, play.to_string()).unwrap();
        path.display().to_string()
    });
    serde_json::to_string(&paths.collect::<Vec<_>>()).unwrap()
}

/// Everything that came of the plays, by the RPCs, each list in the order of its ids.
#[derive(Debug, PartialEq)]
struct Export {
    decisions: Vec<wire::Decision>,
    positions: Vec<wire::Position>,
    profiles: Vec<wire::Profile>,
    funnel: wire::GetFunnelResponse,
    account: wire::Account,
}

impl Export {
    async fn of(cluster: &Cluster) -> Self {
        let mut client = cluster.trading();
        let funnel = wire::GetFunnelRequest { hours: Some(72.0), ..wire::GetFunnelRequest::default() };
        Self {
            decisions: decisions(cluster).await,
            positions: positions(cluster).await,
            profiles: profiles(cluster).await,
            funnel: client.get_funnel(funnel).await.unwrap().into_inner(),
            account: client
                .get_account(wire::GetAccountRequest {})
                .await
                .unwrap()
                .into_inner()
                .account
                .unwrap(),
        }
    }

    /// As bytes, one list after the other.
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.decisions.iter().for_each(|one| bytes.extend(one.encode_length_delimited_to_vec()));
        self.positions.iter().for_each(|one| bytes.extend(one.encode_length_delimited_to_vec()));
        self.profiles.iter().for_each(|one| bytes.extend(one.encode_length_delimited_to_vec()));
        bytes.extend(self.funnel.encode_length_delimited_to_vec());
        bytes.extend(self.account.encode_length_delimited_to_vec());
        bytes
    }

    /// Names the first difference instead of printing everything.
    fn assert_same(&self, other: &Self, how: &str) {
        let first = |ours: &[String], theirs: &[String], what: &str| {
            for (one, another) in ours.iter().zip(theirs) {
                assert_eq!(one, another, "{how}: a {what} is different");
            }
            assert_eq!(ours.len(), theirs.len(), "{how}: {what}s");
        };
        let shown = |export: &Self| export.decisions.iter().map(|one| format!("{one:?}")).collect::<Vec<_>>();
        first(&shown(self), &shown(other), "decision");
        let shown = |export: &Self| export.positions.iter().map(|one| format!("{one:?}")).collect::<Vec<_>>();
        first(&shown(self), &shown(other), "position");
        let shown = |export: &Self| export.profiles.iter().map(|one| format!("{one:?}")).collect::<Vec<_>>();
        first(&shown(self), &shown(other), "profile");
        assert_eq!(self.funnel, other.funnel, "{how}");
        assert_eq!(self.account, other.account, "{how}");
        assert!(self.bytes() == other.bytes(), "{how}: the bytes differ");
    }
}

/// All decisions by paging, a few at a time.
async fn decisions(cluster: &Cluster) -> Vec<wire::Decision> {
    let (mut client, mut all, mut page_token) = (cluster.trading(), Vec::new(), String::new());
    loop {
        let request = wire::ListDecisionsRequest {
            limit: Some(97),
            page_token,
            ..wire::ListDecisionsRequest::default()
        };
        let answer = client.list_decisions(request).await.unwrap().into_inner();
        all.extend(answer.decisions);
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    all.sort_by(|one, other| one.id.cmp(&other.id));
    all
}

async fn positions(cluster: &Cluster) -> Vec<wire::Position> {
    let (mut client, mut all, mut page_token) = (cluster.trading(), Vec::new(), String::new());
    loop {
        let request = wire::ListPositionsRequest {
            limit: Some(7),
            page_token,
            ..wire::ListPositionsRequest::default()
        };
        let answer = client.list_positions(request).await.unwrap().into_inner();
        all.extend(answer.positions);
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    all.sort_by(|one, other| one.id.cmp(&other.id));
    all
}

/// The profiles of the last 72 hours of all thresholds.
async fn profiles(cluster: &Cluster) -> Vec<wire::Profile> {
    let (mut client, mut all) = (cluster.trading(), Vec::new());
    for threshold in [0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5] {
        let request = wire::ListProfilesRequest {
            threshold: Some(threshold),
            hours: Some(72),
            limit: Some(10_000),
            ..wire::ListProfilesRequest::default()
        };
        all.extend(client.list_profiles(request).await.unwrap().into_inner().profiles);
    }
    all.sort_by_key(Message::encode_to_vec);
    all
}

/// Waits until the trading-engine has committed everything up to `head`; the hash of its state there.
async fn committed(cluster: &Cluster, head: u64) -> String {
    let mut client = cluster.trading();
    until("the whole log is committed", PATIENCE, async || {
        let status = client.get_status(wire::GetStatusRequest {}).await.ok()?.into_inner();
        (status.caught_up && status.cursor_seq >= head && status.state_seq >= head)
            .then_some(status.state_hash)
    })
    .await
}
