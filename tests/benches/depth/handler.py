"""Depth messages of Binance applied to a book the way feed handlers in Python do it.

Prints the processor time of reading and applying in nanoseconds, and the best bid and ask.
"""

import sys
import time
from decimal import Decimal

import orjson
from order_book import OrderBook


class Handler:
    def __init__(self):
        self.book = OrderBook()
        self.last_update_id = 0

    def snapshot(self, line):
        answer = orjson.loads(line)
        self.last_update_id = answer["lastUpdateId"]
        for side, levels in ((self.book.bids, answer["bids"]), (self.book.asks, answer["asks"])):
            for price, quantity in levels:
                side[Decimal(price)] = Decimal(quantity)

    def message(self, line):
        update = orjson.loads(line)["data"]
        first, last = update["U"], update["u"]
        if last <= self.last_update_id:
            return
        if first > self.last_update_id + 1:
            raise ValueError(f"updates {self.last_update_id + 1} to {first - 1} never came")
        self.last_update_id = last
        for side, levels in ((self.book.bids, update["b"]), (self.book.asks, update["a"])):
            for price, quantity in levels:
                price, quantity = Decimal(price), Decimal(quantity)
                if quantity:
                    side[price] = quantity
                elif price in side:
                    del side[price]


def main():
    with open(sys.argv[1], "rb") as file:
        snapshot, *messages = file.read().split(b"\n")
    handler = Handler()
    begun = time.thread_time_ns()
    handler.snapshot(snapshot)
    for message in messages:
        handler.message(message)
    took = time.thread_time_ns() - begun
    bid, ask = handler.book.bids.index(0)[0], handler.book.asks.index(0)[0]
    print(f"{took} {bid:.2f} {ask:.2f}")


main()
