//! What came of each play.

use std::collections::BTreeMap;
use std::time::Duration;

use goat::error::Kind;
use goat::values::UnixMicros;
use goat::wire::trading as wire;
use tonic::Status;

use super::Trading;
use super::positions::{Condition, message};
use crate::core::gate::Gate;
use crate::core::money::Usd;
use crate::core::position::{Position, Stage};
use crate::core::profiles::statistics::wilson;
use crate::workspace::Lateness;

const HOURS_DEFAULT: u32 = 24;
const HOURS_MAX: u32 = 24 * 366;

impl Trading {
    pub(super) async fn plays_performance(
        &self,
        request: wire::GetPlaysPerformanceRequest,
    ) -> Result<wire::GetPlaysPerformanceResponse, Status> {
        let hours = request.hours.unwrap_or(HOURS_DEFAULT);
        if !(1..=HOURS_MAX).contains(&hours) {
            return Err(Kind::Invalid.status(format!("hours is {hours}; it must be 1 to {HOURS_MAX}")));
        }
        let until = self.now();
        let since = until.minus(Duration::from_secs(u64::from(hours) * 3600));
        let mut condition = Condition::default();
        condition.and("closed_at >= make_timestamp(?)", since.get());
        let closed: Vec<Position> = self.records(&condition.text(""), condition.parameters).await?;
        let late = self.lateness(closed.iter().map(|position| &position.id)).await?;
        let rejected = self.rejected(since, until).await?;
        let (desk, price) = {
            let view = self.view.read();
            (view.desk.clone(), view.price.map(|quote| quote.price))
        };
        let plays = desk.plays.iter().map(|play| {
            let of_play = |position: &&Position| position.id.play == play.id;
            let open = desk
                .positions
                .values()
                .filter(of_play)
                .filter(|one| matches!(one.stage, Stage::Open | Stage::Closing { .. }));
            let open: Vec<wire::Position> = open.map(|one| message(one, price)).collect();
            wire::PlayPerformance {
                play_id: play.id.to_string(),
                name: play.name.clone(),
                open: u32::try_from(open.len()).unwrap_or(u32::MAX),
                unrealised_usd: open.iter().filter_map(|one| one.unrealised_usd).sum(),
                rejected: rejected.get(play.id.as_str()).copied().unwrap_or(0),
                ..of_closed(closed.iter().filter(of_play), &late)
            }
        });
        Ok(wire::GetPlaysPerformanceResponse { plays: plays.collect(), hours })
    }

    /// Candidates of each play that failed at a gate after its list of wallets.
    async fn rejected(&self, since: UnixMicros, until: UnixMicros) -> Result<BTreeMap<String, u64>, Status> {
        let mut rejected = BTreeMap::new();
        for row in self.funnel_rows(since, until).await? {
            if row.gate.is_some_and(|gate| gate > Gate::WalletListed) {
                *rejected.entry(row.play_id).or_insert(0) += row.count;
            }
        }
        Ok(rejected)
    }
}

/// Closed positions counted together.
#[derive(Default)]
struct Sums {
    count: u32,
    wins: u32,
    losses: u32,
    profit: Usd,
    fees: Usd,
}

impl Sums {
    fn add(&mut self, position: &Position, made: Usd) {
        self.count += 1;
        self.wins += u32::from(made.is_positive());
        self.losses += u32::from(made.is_negative());
        self.profit += made;
        self.fees += position.fees().unwrap_or_default();
    }
}

fn of_closed<'a>(
    positions: impl Iterator<Item = &'a Position>,
    late: &BTreeMap<String, Lateness>,
) -> wire::PlayPerformance {
    let (mut all, mut on_time, mut returns) = (Sums::default(), Sums::default(), 0.0);
    for position in positions {
        let (Some(made), Some(entry)) = (position.profit(), position.entry.as_ref()) else { continue };
        all.add(position, made);
        if !late.contains_key(&position.id.to_string()) {
            on_time.add(position, made);
        }
        returns += made.to_f64() / entry.notional.to_f64() * 100.0;
    }
    let Sums { count, wins, losses, profit, fees } = all;
    // Break-even is neither.
    let decided = wins + losses;
    let interval = (decided > 0).then(|| wilson(wins, decided));
    wire::PlayPerformance {
        positions: count,
        wins,
        losses,
        profit_usd: profit.to_f64(),
        fees_usd: fees.to_f64(),
        win_rate: (decided > 0).then(|| f64::from(wins) / f64::from(decided)),
        win_rate_low: interval.map(|interval| interval.low),
        win_rate_high: interval.map(|interval| interval.high),
        mean_return_percent: (count > 0).then(|| returns / f64::from(count)),
        decided_late: count - on_time.count,
        on_time_positions: on_time.count,
        on_time_wins: on_time.wins,
        on_time_losses: on_time.losses,
        on_time_profit_usd: on_time.profit.to_f64(),
        on_time_fees_usd: on_time.fees.to_f64(),
        ..wire::PlayPerformance::default()
    }
}
