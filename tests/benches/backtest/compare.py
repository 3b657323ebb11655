"""A trailing stop of 0.2 % after wallets' buys, back-tested by the trading-engine, NautilusTrader and freqtrade.

    python3 -m venv venv && venv/bin/pip install nautilus_trader freqtrade
    cargo build --release -p data-engine -p trading-engine
    venv/bin/python tests/benches/backtest/compare.py --programs target/release --recordings ../shared/recordings

Each side folds what is already in memory, on one core; processor time (user and system) is measured, so that others on
the machine do not count. What a side does for a price is not the same: the README, under Figures, says what.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np

import market
from market import Market

HERE = Path(__file__).parent
SPEED = re.compile(
    r"(\d+) prices and trades folded with (\d+) plays in ([\d.]+) s of one core: .*; (\d+) decisions, (\d+) positions"
)
# So that no bound of the account ends the trading.
UNBOUNDED = {
    "GOAT_TRADING__START_USD": "1000000",
    "GOAT_TRADING__OPEN_MAX": "1000",
    "GOAT_TRADING__EXPOSURE_USD_MAX": "1000000",
    "GOAT_TRADING__DAILY_LOSS_USD_MAX": "1000000",
}


def play(number: int, wallets: list[str]) -> str:
    addresses = json.dumps(wallets)
    return f"""
id = "play-{number}"
name = "play-{number}"
active = true
max_entries_per_cycle = 5
size_usd = 100.0

[wallets]
addresses = {addresses}

[exit]
decreases = [{{ from = -1.0, to = 0.0, tolerance = 0.002 }}]
increases = [{{ from = 0.0, to = 1.0, tolerance = 0.002 }}]
"""


def ours(programs: Path, recordings: Path, plays: list[Path]) -> dict:
    command = [str(programs / "trading-engine"), "backtest", "--speed-only", "--recordings", str(recordings)]
    for path in plays:
        command += ["--play", str(path)]
    said = run(command, {**os.environ, **UNBOUNDED})
    found = SPEED.search(said)
    if not found:
        raise SystemExit(f"the trading-engine said {said!r}")
    events, _, seconds, decisions, entries = found.groups()
    return {
        "events": int(events),
        "cpu_seconds": float(seconds),
        "entries": int(entries),
        "decisions": int(decisions),
    }


def other(script: str, arrays: Path, argument: str) -> dict:
    said = run([sys.executable, str(HERE / script), str(arrays), argument], dict(os.environ))
    return json.loads(said.splitlines()[-1])


def run(command: list[str], environment: dict[str, str]) -> str:
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {ended.returncode}:\n{ended.stderr[-2000:]}")
    return ended.stdout


def told(what: str, unit: str, figures: dict, against: float | None) -> float:
    micros = figures["cpu_seconds"] / figures["events"] * 1e6
    ratio = "" if against is None else f"{micros / against:8.0f} ×"
    decided = f", {figures['decisions']:,} decisions" if "decisions" in figures else ""
    print(
        f"  {what:<34}{figures['events']:>10,} {unit:<18}{figures['cpu_seconds']:>9.3f} s{micros:>11.3f} µs each{ratio}"
        f"   {figures['entries']:,} entries{decided}",
        flush=True,
    )
    return micros


def compare(data: Market, recordings: Path, wallets: list[str], programs: Path, folder: Path, lengths: list[str]) -> None:
    print(data.name, flush=True)
    arrays = folder / "arrays.npz"
    signals = np.empty(10, dtype=object)
    for number in range(10):
        signals[number] = market.signals(data, number)
    np.savez(arrays, times=data.times, prices=data.prices, signals=signals)
    plays = []
    for number in range(10):
        path = folder / f"play-{number}.toml"
        listed = [wallets[wallet % market.WALLETS] for wallet in market.followed(number)]
        path.write_text(play(number, listed))
        plays.append(path)
    one = told("trading-engine, one play", "prices and trades", ours(programs, recordings, plays[:1]), None)
    ten = told("trading-engine, ten plays", "prices and trades", ours(programs, recordings, plays), None)
    told("NautilusTrader, one strategy", "quote ticks", other("with_nautilus.py", arrays, "1"), one)
    told("NautilusTrader, ten strategies", "quote ticks", other("with_nautilus.py", arrays, "10"), ten)
    for length in lengths:
        told(f"freqtrade, one strategy, {length}", f"candles of {length}", other("with_freqtrade.py", arrays, length), one)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--programs", type=Path, required=True, help="where data-engine and trading-engine lie")
    arguments.add_argument("--recordings", type=Path, help="the recordings; without them only what is generated")
    arguments.add_argument("--prices", type=int, default=1_200_000, help="how many prices are generated")
    given = arguments.parse_args()
    print(f"NautilusTrader {version('nautilus_trader')}, freqtrade {version('freqtrade')}, Python {sys.version.split()[0]}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if given.recordings:
            hour, wallets = market.recorded(given.recordings)
            copied = folder / "recorded"
            copied.mkdir()
            for name in ("prices-2026-01-03T21Z.parquet", "quicknode-trades-2026-01-03T2213Z.ndjson.gz"):
                shutil.copy(given.recordings / name, copied)
            compare(hour, copied, wallets, given.programs, folder, ["1m"])
        generated = market.generated(given.prices)
        market.write_recordings(generated, folder / "generated")
        names = [market.wallet_name(number) for number in range(market.WALLETS)]
        compare(generated, folder / "generated", names, given.programs, folder, ["1m", "1s"])


if __name__ == "__main__":
    main()
