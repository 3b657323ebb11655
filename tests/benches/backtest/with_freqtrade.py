"""The strategy in freqtrade: candles, its own trailing stop, its own back-test. No exchange is asked.

Called with a file of numpy arrays (times in microseconds, prices, and the signals) and the length of a candle, such as
1m or 1s; prints one line of JSON.
"""

import json
import logging
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from freqtrade.data.history import get_timerange
from freqtrade.enums import RunMode
from freqtrade.exchange import Binance
from freqtrade.optimize.backtesting import Backtesting

PAIR = "SOL/USDT"
STRATEGY = """
from freqtrade.strategy import IStrategy

class Trail(IStrategy):
    INTERFACE_VERSION = 3
    startup_candle_count = 0
    minimal_roi = {}
    stoploss = -0.002
    trailing_stop = True
    process_only_new_candles = True

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["volume"] > 1, "enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        return dataframe
"""
MARKET = {
    "id": "SOLUSDT", "symbol": PAIR, "base": "SOL", "quote": "USDT", "settle": None, "active": True,
    "type": "spot", "spot": True, "margin": False, "swap": False, "future": False, "option": False,
    "contract": False, "linear": None, "inverse": None, "contractSize": None, "taker": 0.001, "maker": 0.001,
    "precision": {"price": 0.000001, "amount": 0.000001, "cost": 0.01},
    "limits": {
        "amount": {"min": 0.000001, "max": 1e9}, "price": {"min": 0.000001, "max": 1e9},
        "cost": {"min": 0.01, "max": 1e9}, "leverage": {"min": None, "max": None},
    },
    "info": {},
}


def candles(data: np.lib.npyio.NpzFile, length: str) -> pd.DataFrame:
    """Candles without a hole; a signal within one is told as a volume of more than one."""
    ticks = pd.Series(data["prices"], index=pd.to_datetime(data["times"], unit="us", utc=True))
    frame = ticks.resample(length).ohlc().ffill()
    signals = pd.to_datetime(np.array(data["signals"][0], dtype=np.int64), unit="us", utc=True)
    counted = pd.Series(2.0, index=signals).resample(length).max().reindex(frame.index)
    frame["volume"] = counted.fillna(1.0)
    return frame.rename_axis("date").reset_index()


def configuration(folder: Path, timeframe: str) -> dict:
    (folder / "trail.py").write_text(STRATEGY)
    return {
        "dry_run": True, "runmode": RunMode.BACKTEST, "trading_mode": "spot", "margin_mode": "",
        "stake_currency": "USDT", "stake_amount": 100, "dry_run_wallet": 1_000_000, "max_open_trades": 1,
        "timeframe": timeframe, "strategy": "Trail", "strategy_path": str(folder), "user_data_dir": folder,
        "datadir": folder, "exportdirectory": folder, "exportfilename": folder / "result", "export": "none",
        "fee": 0.001, "dataformat_ohlcv": "feather", "dataformat_trades": "feather", "timerange": "",
        "enable_protections": False, "position_stacking": False, "backtest_cache": "none", "recursive_strategy_search": False,
        "exchange": {"name": "binance", "pair_whitelist": [PAIR], "pair_blacklist": [], "enable_ws": False},
        "pairlists": [{"method": "StaticPairList", "allow_inactive": True}],
        "entry_pricing": {"price_side": "same", "use_order_book": False},
        "exit_pricing": {"price_side": "same", "use_order_book": False},
        "unfilledtimeout": {"entry": 10, "exit": 10, "unit": "minutes"},
        "original_config": {},
    }


def main() -> None:
    logging.disable(logging.CRITICAL)
    timeframe = sys.argv[2]
    length = timeframe.replace("m", "min")
    data = {PAIR: candles(np.load(sys.argv[1], allow_pickle=True), length)}
    with tempfile.TemporaryDirectory() as folder:
        config = configuration(Path(folder), timeframe)
        exchange = Binance(config, validate=False)
        exchange._markets = {PAIR: MARKET}
        exchange.reload_markets = lambda *_, **__: None
        testing = Backtesting(config, exchange=exchange)
        testing._set_strategy(testing.strategylist[0])
        began = time.process_time()
        processed = testing.strategy.advise_all_indicators(data)
        first, last = get_timerange(processed)
        result = testing.backtest(processed=processed, start_date=first, end_date=last)
        seconds = time.process_time() - began
    entries = len(result["results"])
    print(json.dumps({"events": len(data[PAIR]), "cpu_seconds": seconds, "entries": entries}))


if __name__ == "__main__":
    main()
