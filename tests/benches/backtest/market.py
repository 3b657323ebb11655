"""The market that all sides are given: prices of SOL once a second, and the buys of a hundred wallets among them."""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

START = 1_767_225_600  # 2026-01-01T00:00:00Z, seconds since 1970
WALLETS = 100
SECONDS_BETWEEN_BUYS = 12


@dataclass(frozen=True)
class Market:
    """Times in microseconds since 1970, prices in USD. A buy is (microseconds, number of its wallet)."""

    name: str
    times: np.ndarray
    prices: np.ndarray
    buys: list[tuple[int, int]]


def generated(ticks: int, seed: int = 42) -> Market:
    """A random walk that moves in one second of six, as the recordings do; a buy every twelve seconds."""
    random = np.random.default_rng(seed)
    moves = np.where(random.random(ticks) < 1 / 6, random.normal(0.0, 0.000_25, ticks), 0.0)
    prices = np.round(125.0 * np.exp(np.cumsum(moves)), 6)
    times = (START + np.arange(ticks, dtype=np.int64)) * 1_000_000
    buys = [
        (int((START + second) * 1_000_000 + 500_000), int(random.integers(WALLETS)))
        for second in range(SECONDS_BETWEEN_BUYS, ticks, SECONDS_BETWEEN_BUYS)
    ]
    return Market(f"generated, {ticks:,} prices", times, prices, buys)


def recorded(folder: Path) -> tuple[Market, list[str]]:
    """The recorded hour, and the names of its hundred busiest wallets."""
    table = pq.read_table(folder / "prices-2026-01-03T21Z.parquet")
    rows = [row for row in table.to_pylist() if row["token"] == "SOL"]
    rows.sort(key=lambda row: row["ts"])
    epoch = np.datetime64("1970-01-01T00:00:00", "us")
    times = np.array([(np.datetime64(row["ts"], "us") - epoch).astype(np.int64) for row in rows])
    prices = np.array([row["price"] for row in rows])
    buys: list[tuple[int, str]] = []
    with gzip.open(folder / "quicknode-trades-2026-01-03T2213Z.ndjson.gz", "rt") as posts:
        for line in posts:
            post = json.loads(line)
            received = np.datetime64(post["received_at"].rstrip("Z"), "us")
            for trade in post["payload"].get("matchedTransactions") or []:
                if trade.get("direction") == "buy":
                    buys.append((int((received - epoch).astype(np.int64)), trade["wallet_address"]))
    names = [wallet for _, wallet in buys]
    busiest = sorted(set(names), key=lambda wallet: (-names.count(wallet), wallet))[:WALLETS]
    numbers = {wallet: number for number, wallet in enumerate(busiest)}
    listed = [(time, numbers[wallet]) for time, wallet in buys if wallet in numbers]
    return Market(f"recorded hour, {len(prices):,} prices", times, prices, listed), busiest


def write_recordings(market: Market, folder: Path) -> None:
    """Writes what the data-engine replays: prices as parquet, the buys as posts."""
    folder.mkdir(parents=True, exist_ok=True)
    columns = {
        "ts": pa.array(market.times, pa.timestamp("us")),
        "token": pa.array(["SOL"] * len(market.times)),
        "price": pa.array(market.prices),
    }
    pq.write_table(pa.table(columns), folder / "prices-generated.parquet")
    prices = dict(zip(market.times.tolist(), market.prices.tolist(), strict=True))
    with gzip.open(folder / "quicknode-trades-generated.ndjson.gz", "wt", compresslevel=1) as posts:
        for number, (micros, wallet) in enumerate(market.buys):
            price = prices[micros - micros % 1_000_000]
            trade = {
                "signature": f"signature-{number}",
                "wallet_address": wallet_name(wallet),
                "direction": "buy",
                "sol_amount": 2.0,
                "stablecoin": "USDC",
                "stablecoin_amount": round(2 * price, 6),
                "price": price,
                "block_time": micros // 1_000_000,
            }
            received = str(np.datetime64(micros, "us").astype("datetime64[ms]")) + "Z"
            payload = {"matchedTransactions": [trade]}
            posts.write(json.dumps({"received_at": received, "path": "/webhook", "payload": payload}) + "\n")


def wallet_name(number: int) -> str:
    return f"wallet-{number}"


def followed(play: int) -> range:
    """The numbers of the twenty wallets that a play follows; neighbours share ten."""
    return range(play * 10, play * 10 + 20)


def signals(market: Market, play: int) -> list[int]:
    """When the wallets that a play follows bought, microseconds since 1970."""
    wallets = {number % WALLETS for number in followed(play)}
    return [time for time, wallet in market.buys if wallet in wallets]
