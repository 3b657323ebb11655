"""The strategy in NautilusTrader: one quote tick a price, decided in Python, filled by its simulated venue.

Called with a file of numpy arrays (times in microseconds, prices, and the signals of each play); prints one line of
JSON.
"""

import json
import sys
import time
from decimal import Decimal

import numpy as np
import pandas as pd
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig, StrategyConfig
from nautilus_trader.model.currencies import SOL, USDT
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import CurrencyPair
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.persistence.wranglers import QuoteTickDataWrangler
from nautilus_trader.trading.strategy import Strategy

TRAIL = 0.002
VENUE = Venue("SIM")


class TrailConfig(StrategyConfig, frozen=True):
    instrument_id: InstrumentId
    signals: tuple[int, ...]


class Trail(Strategy):
    """Buys one SOL at the first price after a signal, sells 0.2 % below the best price since. One at a time."""

    def __init__(self, config: TrailConfig) -> None:
        super().__init__(config)
        self.signals = config.signals
        self.next_signal = 0
        self.best = 0.0
        self.holds = False
        self.entries = 0

    def on_start(self) -> None:
        self.instrument = self.cache.instrument(self.config.instrument_id)
        self.one = self.instrument.make_qty(1)
        self.subscribe_quote_ticks(self.config.instrument_id)

    def on_quote_tick(self, tick) -> None:
        price = tick.bid_price.as_double()
        signalled = False
        while self.next_signal < len(self.signals) and self.signals[self.next_signal] * 1000 < tick.ts_event:
            self.next_signal += 1
            signalled = True
        if self.holds:
            self.best = max(self.best, price)
            if price < self.best * (1 - TRAIL):
                self.order(OrderSide.SELL)
        elif signalled:
            self.best = price
            self.entries += 1
            self.order(OrderSide.BUY)

    def order(self, side: OrderSide) -> None:
        self.holds = side == OrderSide.BUY
        self.submit_order(self.order_factory.market(self.config.instrument_id, side, self.one))


def instrument() -> CurrencyPair:
    return CurrencyPair(
        instrument_id=InstrumentId(Symbol("SOLUSDT"), VENUE),
        raw_symbol=Symbol("SOLUSDT"),
        base_currency=SOL,
        quote_currency=USDT,
        price_precision=6,
        size_precision=2,
        price_increment=Price.from_str("0.000001"),
        size_increment=Quantity.from_str("0.01"),
        maker_fee=Decimal("0.001"),
        taker_fee=Decimal("0.001"),
        ts_event=0,
        ts_init=0,
    )


def main() -> None:
    data = np.load(sys.argv[1], allow_pickle=True)
    plays = int(sys.argv[2])
    sol = instrument()
    frame = pd.DataFrame({"bid_price": data["prices"], "ask_price": data["prices"]})
    frame.index = pd.to_datetime(data["times"], unit="us", utc=True)
    ticks = QuoteTickDataWrangler(sol).process(frame)
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
    engine.add_venue(
        venue=VENUE,
        oms_type=OmsType.HEDGING,
        account_type=AccountType.MARGIN,
        base_currency=None,
        starting_balances=[Money(1_000_000, USDT), Money(10_000, SOL)],
    )
    engine.add_instrument(sol)
    engine.add_data(ticks)
    strategies = []
    for play in range(plays):
        config = TrailConfig(
            instrument_id=sol.id,
            signals=tuple(int(time) for time in data["signals"][play]),
            order_id_tag=f"{play:03}",
        )
        strategies.append(Trail(config))
    engine.add_strategies(strategies)
    began = time.process_time()
    engine.run()
    seconds = time.process_time() - began
    entries = sum(strategy.entries for strategy in strategies)
    print(json.dumps({"events": len(ticks), "cpu_seconds": seconds, "entries": entries}))


if __name__ == "__main__":
    main()
