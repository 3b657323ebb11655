"""The rules of ma_rsi once more, from their description and with pandas: candles in, trades out.

usage: ma_rsi.py CANDLES.csv > TRADES.csv

Candles: open,high,low,close, five minutes each, the first of them beginning at a midnight of UTC, none missing.
Trades: entered,left,reason,profit: the candles at whose close entry and exit were filled or in which the exit was
touched, and what was made after fees.

There are no prices between candles here, so what a candle decides is filled at the close of the next one.
"""

import math
import sys

import pandas as pd

FEE, SLIPPAGE = 0.0010, 0.0003
FRACTION, STOP, TARGET = 0.30, 0.02, 0.06
START = 10_000.0
CANDLES_A_DAY = 288
COOL_OFF = 48


def indicators(candles: pd.DataFrame) -> pd.DataFrame:
    close = candles["close"]
    frame = candles.copy()
    frame["short"] = close.rolling(7).mean()
    frame["long"] = close.rolling(25).mean()
    change = close.diff()
    rises = change.clip(lower=0).rolling(14).mean()
    falls = (-change).clip(lower=0).rolling(14).mean()
    # The online sums of pandas leave a trace of what has passed; where nothing fell, nothing fell.
    rises[(change > 0).rolling(14).sum() == 0] = 0.0
    falls[(change < 0).rolling(14).sum() == 0] = 0.0
    frame["rsi"] = (100 - 100 / (1 + rises / falls)).where(falls > 0, 100.0)
    frame.loc[(rises == 0) & (falls == 0), "rsi"] = 50.0
    above = frame["short"] > frame["long"]
    was_not = frame["short"].shift() <= frame["long"].shift()
    frame["enters"] = above & was_not & (frame["rsi"] < 70)
    frame["leaves"] = frame["short"] < frame["long"]
    # A crossing needs the average of the candle before, too.
    frame.loc[:24, ["enters", "leaves"]] = False
    return frame


class Pauses:
    """Nothing is entered after three losses in a row, a bad day, or too few wins."""

    def __init__(self) -> None:
        self.until = None
        self.day = None
        self.forget()

    def forget(self) -> None:
        self.in_a_row = self.wins = self.losses = 0

    def note(self, number: int, equity: float) -> None:
        if self.until is not None and number + 1 >= self.until:
            self.until = None
            self.forget()
        day = (number + 1) // CANDLES_A_DAY
        if self.day is None or day > self.day:
            self.day, self.equity_of_day = day, equity

    def count(self, number: int, profit: float, equity: float) -> None:
        self.note(number, equity)
        if profit > 0:
            self.wins, self.in_a_row = self.wins + 1, 0
        elif profit < 0:
            self.losses, self.in_a_row = self.losses + 1, self.in_a_row + 1
        decided = self.wins + self.losses
        until = None
        if (self.equity_of_day - equity) / self.equity_of_day > 0.05:
            until = (self.day + 1) * CANDLES_A_DAY
        elif self.in_a_row >= 3 or (decided >= 10 and self.wins / decided < 0.4):
            until = number + 1 + COOL_OFF
        if until is not None and (self.until is None or until > self.until):
            self.until = until


def trades(frame: pd.DataFrame):
    cash, held, order, pauses = START, None, None, Pauses()
    for number, row in enumerate(frame.itertuples(index=False)):
        if held is not None:
            stop, target = held["paid"] * (1 - STOP), held["paid"] * (1 + TARGET)
            left = None
            if row.low <= stop:
                left = ("STOP_LOSS", min(row.open, stop))
            elif row.high >= target:
                left = ("TAKE_PROFIT", target)
            elif order == "sell":
                left = ("SIGNAL", row.close)
            if left is not None:
                reason, price = left
                got = held["quantity"] * price * (1 - SLIPPAGE)
                profit = got * (1 - FEE) - held["cost"]
                cash += got * (1 - FEE)
                yield held["entered"], number, reason, profit
                held, order = None, None
                pauses.count(number, profit, cash)
        if order == "buy":
            paid = row.close * (1 + SLIPPAGE)
            quantity = math.floor(cash * FRACTION / paid * 1e8) / 1e8
            cost = quantity * paid * (1 + FEE)
            cash -= cost
            held, order = dict(entered=number, paid=paid, quantity=quantity, cost=cost), None
        pauses.note(number, cash + (held["quantity"] * row.close if held else 0.0))
        if held is not None and row.leaves:
            order = "sell"
        elif held is None and row.enters and pauses.until is None:
            order = "buy"


def main() -> None:
    candles = pd.read_csv(sys.argv[1], names=["open", "high", "low", "close"])
    found = pd.DataFrame(trades(indicators(candles)), columns=["entered", "left", "reason", "profit"])
    found.to_csv(sys.stdout, index=False, header=False, float_format="%.6f")


main()
