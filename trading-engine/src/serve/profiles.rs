//! Profiles and the wallets behind them.

use std::time::Duration;

use goat::error::{Kind, internal};
use goat::values::UnixMicros;
use goat::wire::market as market_wire;
use goat::wire::trading as wire;
use tonic::Status;

use super::positions::Condition;
use super::{Trading, checked_limit};
use crate::core::cycles::Threshold;
use crate::core::gains::Direction;
use crate::core::profiles::Profile;
use crate::core::profiles::statistics::{Parameters, Standing, WalletStatistics, statistics};

const THRESHOLD_DEFAULT_PERCENT: f64 = 0.3;
const HOURS_MAX: u32 = 72;
const WALLETS_DEFAULT: u32 = 50;
const WALLETS_MAX: u32 = 1_000;

impl Trading {
    pub(super) async fn list_profiles(
        &self,
        request: wire::ListProfilesRequest,
    ) -> Result<wire::ListProfilesResponse, Status> {
        let limit = checked_limit(request.limit)?;
        let mut condition = self.window(request.threshold, request.hours, 24)?.0;
        if !request.wallet_address.is_empty() {
            condition.and("wallet_address = ?", request.wallet_address);
        }
        let order = format!("ORDER BY trade_timestamp DESC, id LIMIT {limit}");
        let rows: Vec<Profile> = self.records(&condition.text(&order), condition.parameters).await?;
        let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        Ok(wire::ListProfilesResponse { profiles: rows.iter().map(message).collect(), count })
    }

    pub(super) async fn profile_stats(
        &self,
        request: wire::GetProfileStatsRequest,
    ) -> Result<wire::GetProfileStatsResponse, Status> {
        let condition = self.window(request.threshold, request.hours, 24)?.0;
        let found = self.readers.profile_stats(condition.text(""), condition.parameters).await;
        found.map_err(|error| internal("reading wallet_profiles", &error))
    }

    pub(super) async fn rank_wallets(
        &self,
        request: wire::RankWalletsRequest,
    ) -> Result<wire::RankWalletsResponse, Status> {
        let limit = request.limit.unwrap_or(WALLETS_DEFAULT);
        if !(1..=WALLETS_MAX).contains(&limit) {
            return Err(Kind::Invalid.status(format!("limit is {limit}; it must be 1 to {WALLETS_MAX}")));
        }
        let (condition, threshold, as_of) = self.window(request.threshold, request.hours, HOURS_MAX)?;
        let rows: Vec<Profile> = self.records(&condition.text(""), condition.parameters).await?;
        let parameters = Parameters { threshold, ..Parameters::default() };
        // Many rows: not on a thread that serves others.
        let ranked = tokio::task::spawn_blocking(move || {
            let all = statistics(&rows, as_of, &parameters);
            let wanted = |wallet: &str| request.wallet_address.is_empty() || request.wallet_address == wallet;
            let wallets = all.rank().into_iter().filter(|(_, one)| wanted(&one.wallet));
            wire::RankWalletsResponse {
                wallets: wallets.take(limit as usize).map(|(standing, one)| wallet(standing, one)).collect(),
                mean_gain_percent: all.population.map(|population| population.mean_percent),
                wallets_seen: all.wallets.len() as u64,
            }
        });
        ranked.await.map_err(|error| internal("ranking wallets", &error))
    }

    fn window(
        &self,
        threshold: Option<f64>,
        hours: Option<u32>,
        hours_default: u32,
    ) -> Result<(Condition, Threshold, UnixMicros), Status> {
        let threshold = self.threshold(threshold.unwrap_or(THRESHOLD_DEFAULT_PERCENT))?;
        let hours = hours.unwrap_or(hours_default);
        if !(1..=HOURS_MAX).contains(&hours) {
            return Err(Kind::Invalid.status(format!("hours is {hours}; it must be 1 to {HOURS_MAX}")));
        }
        let as_of = self.now();
        let since = as_of.minus(Duration::from_secs(u64::from(hours) * 3600));
        let mut condition = Condition::default();
        condition.and("threshold = ?", threshold.percent());
        condition.and("trade_timestamp >= make_timestamp(?)", since.get());
        Ok((condition, threshold, as_of))
    }
}

fn message(profile: &Profile) -> wire::Profile {
    let direction = match profile.direction() {
        Direction::Long => market_wire::PositionSide::Long,
        Direction::Short => market_wire::PositionSide::Short,
    };
    #[allow(clippy::cast_possible_truncation)]
    let hold_to_best_ms = (profile.seconds_to_best() * 1000.0) as i64;
    wire::Profile {
        id: profile.id.to_string(),
        wallet_address: profile.wallet().to_owned(),
        threshold_percent: profile.id.threshold.percent(),
        trade_signature: profile.id.trade.signature.clone(),
        trade_time: Some(profile.trade.time.into()),
        trade_price: profile.trade.price,
        trade_usd: profile.trade.stablecoin_amount,
        direction: direction.into(),
        cycle_id: profile.cycle.to_string(),
        entry_price: profile.path.entry.price,
        highest_price: profile.path.best(Direction::Long).price,
        lowest_price: profile.path.worst(Direction::Long).price,
        cycle_end_price: profile.end.price,
        gain_percent: profile.gain_percent(),
        potential_percent: profile.potential_gain_percent(),
        hold_to_best_ms,
        known_at: Some(profile.known_at.time.into()),
        known_seq: profile.known_at.seq.get(),
    }
}

fn wallet(standing: Standing, one: &WalletStatistics) -> wire::WalletStatistics {
    #[allow(clippy::cast_possible_truncation)]
    let median_ms = (one.median_seconds_to_best * 1000.0) as i64;
    wire::WalletStatistics {
        wallet_address: one.wallet.clone(),
        trades: one.trades,
        wins: one.wins,
        win_rate: Some(one.win_rate),
        win_rate_low: Some(one.win_rate_interval.low),
        win_rate_high: Some(one.win_rate_interval.high),
        mean_gain_percent: Some(one.mean_gain_percent),
        shrunk_gain_percent: one.shrunk.map(|shrunk| shrunk.mean_percent),
        shrunk_gain_low_percent: one.shrunk.map(|shrunk| shrunk.interval.low),
        shrunk_gain_high_percent: one.shrunk.map(|shrunk| shrunk.interval.high),
        mean_potential_percent: Some(one.mean_potential_gain_percent),
        median_hold_to_best_ms: Some(median_ms),
        first_half_gain_percent: one.halves.map(|[first, _]| first.mean_gain_percent),
        second_half_gain_percent: one.halves.map(|[_, second]| second.mean_gain_percent),
        delays: one
            .copy_delays
            .iter()
            .map(|delay| wire::DelayPoint {
                delay_seconds: delay.seconds,
                trades: delay.trades,
                mean_gain_percent: delay.mean_gain_percent,
                standard_error_percent: delay.standard_error_percent,
            })
            .collect(),
        last_seen: Some(one.last_seen.into()),
        invested_usd: one.invested,
        too_few: standing == Standing::TooFewTrades,
    }
}
