//! What happened, as posts and alerts, in its order.

use std::borrow::Cow;

use goat::values::UnixMicros;
use goat::wire::trading::{GetStatusResponse, Position, Strategy, StrategyTrade};

use super::{Composer, FOLLOWED_TRADES, Trouble};
use crate::alerts::words;
use crate::publisher::desk::{Event, id_of_cool_off, id_of_trade};
use crate::publisher::draft::{PostId, PostKind};
use crate::publisher::facts::{ClosedTrade, Facts};
use crate::publisher::gather::{Condition, closed_trade, cool_offs, pause as pause_of, strategy_trade};
use crate::publisher::track::{Followed, News};

/// Something that happened.
enum Item<'a> {
    Position(News, &'a Position),
    Trade(&'a StrategyTrade),
}

impl Composer {
    pub(super) async fn tell_pause(&self, condition: &Condition) -> Result<(), Trouble> {
        let Some(paused) = condition.trading.as_ref().ok().and_then(pause_of) else { return Ok(()) };
        let id = PostId::new(PostKind::Paused, &paused.since.to_string());
        if self.is_composed(id).await? {
            return Ok(());
        }
        let facts = self.facts(condition).await?;
        self.handle(&Event::Paused(&facts)).await
    }

    /// Composes that strategies pause, once for each pause.
    pub(super) async fn tell_cool_offs(
        &self,
        log: &str,
        condition: &Condition,
        strategies: &[Strategy],
    ) -> Result<(), Trouble> {
        for cool_off in &cool_offs(strategies) {
            if self.is_composed(id_of_cool_off(log, cool_off)).await? {
                continue;
            }
            let facts = &self.facts(condition).await?;
            self.handle(&Event::CoolOff { cool_off, log, facts }).await?;
        }
        Ok(())
    }

    /// Composes what positions and strategies did. Only when all of it is kept the lists count as told.
    pub(super) async fn tell(
        &mut self,
        mut followed: Followed,
        status: &GetStatusResponse,
        condition: &Condition,
        positions: &[Position],
        strategies: &[Strategy],
    ) -> Result<(), Trouble> {
        let mut followed_trades = self.followed(FOLLOWED_TRADES, status).await?;
        let told_below = followed_trades.settled_below;
        let trades = self.shared.engines.strategy_trades(|trade| trade.closed_seq < told_below).await;
        let trades = trades.map_err(Trouble::Engines)?;
        let of_positions = self.track.news(&followed, positions).into_iter();
        let of_trades = self.track_trades.news(&followed_trades, &trades).into_iter();
        let mut news: Vec<(UnixMicros, Item<'_>)> =
            of_positions.map(|(time, news, position)| (time, Item::Position(news, position))).collect();
        news.extend(of_trades.map(|(time, trade)| (time, Item::Trade(trade))));
        news.sort_by_key(|(time, _)| *time);
        if !news.is_empty() {
            let facts = self.facts(condition).await?;
            for (_, item) in news {
                let has_room = match item {
                    Item::Position(news, position) => {
                        self.tell_position(news, position, &followed.log, &facts).await?
                    }
                    Item::Trade(trade) => {
                        self.tell_trade(trade, strategies, &followed_trades, &facts).await?
                    }
                };
                if !has_room {
                    return Ok(());
                }
            }
        }
        self.track.seen(positions);
        self.track_trades.seen(&trades);
        let before = (followed.clone(), followed_trades.clone());
        followed.settle(positions);
        followed_trades.settle_trades(&trades);
        if (&followed, &followed_trades) != (&before.0, &before.1) {
            let kept = self.shared.outbox.with(move |books| {
                books.remember(super::FOLLOWED, &followed)?;
                books.remember(FOLLOWED_TRADES, &followed_trades)
            });
            kept.await?;
        }
        Ok(())
    }

    /// Whether there was room for it.
    async fn tell_position(
        &self,
        news: News,
        position: &Position,
        log: &str,
        facts: &Facts,
    ) -> Result<bool, Trouble> {
        let now = UnixMicros::now();
        if news == News::Opened {
            let entry = words::entry(log, position, facts.world, now);
            if let Some(entry) = entry.filter(|_| self.shared.settings.alerts.trades) {
                self.raise(entry).await?;
            }
            return Ok(true);
        }
        match closed_trade(position) {
            Ok(trade) => self.tell_closed(&trade, log, facts).await,
            Err(reason) => {
                tracing::error!(%reason, "a closed position cannot be told");
                Ok(true)
            }
        }
    }

    /// Whether there was room for it. A trade that began and ended between two looks has its entry told as well.
    async fn tell_trade(
        &self,
        trade: &StrategyTrade,
        strategies: &[Strategy],
        followed: &Followed,
        facts: &Facts,
    ) -> Result<bool, Trouble> {
        let told = match strategy_trade(trade, strategies) {
            Ok(told) => told,
            Err(reason) => {
                tracing::error!(%reason, "a closed trade of a strategy cannot be told");
                return Ok(true);
            }
        };
        let opened = trade.opened_at.and_then(|time| UnixMicros::try_from(time).ok());
        if let Some(opened) = opened.filter(|opened| opened.get() >= followed.since)
            && self.shared.settings.alerts.trades
        {
            let entry = words::Entry {
                trader: Cow::Borrowed(&told.trader),
                direction: told.direction,
                price: told.entry,
                opened,
                reason: &trade.entry_reason,
            };
            self.raise(entry.alert(&followed.log, facts.world, UnixMicros::now())).await?;
        }
        self.tell_closed(&told, &followed.log, facts).await
    }

    async fn tell_closed(&self, trade: &ClosedTrade, log: &str, facts: &Facts) -> Result<bool, Trouble> {
        let now = UnixMicros::now();
        if !self.is_composed(id_of_trade(log, &trade.id)).await? {
            let waiting = self.shared.outbox.with(move |books| books.waiting(now)).await?;
            if waiting.posts >= self.shared.settings.publisher.waiting_max {
                return Ok(false);
            }
            self.handle(&Event::TradeClosed { trade, log, facts }).await?;
        }
        if self.shared.settings.alerts.trades {
            self.raise(words::exit(log, trade, facts.world, now)).await?;
        }
        Ok(true)
    }

    /// Alerts of what strategies hold, each once.
    pub(super) async fn tell_entries(
        &mut self,
        status: &GetStatusResponse,
        strategies: &[Strategy],
    ) -> Result<(), Trouble> {
        if !self.shared.settings.alerts.trades {
            return Ok(());
        }
        let followed = self.followed(FOLLOWED_TRADES, status).await?;
        for strategy in strategies {
            let Some(entry) = words::Entry::of(strategy) else { continue };
            let is_told = self.entries.get(&strategy.name) == Some(&entry.opened);
            if is_told || entry.opened.get() < followed.since {
                continue;
            }
            self.raise(entry.alert(&followed.log, super::world_of(status), UnixMicros::now())).await?;
            self.entries.insert(strategy.name.clone(), entry.opened);
        }
        Ok(())
    }

    async fn is_composed(&self, id: PostId) -> Result<bool, Trouble> {
        Ok(self.shared.outbox.with(move |books| books.is_composed(&id)).await?)
    }
}
