"""Asks the gateway at the address given, with the client of the protocol's authors, in its newest form and in the one with
a handshake; prints what came as JSON."""

import asyncio
import json
import sys

from mcp import Client

CALLS = {
    "price": ("get_price", {"token": "SOL"}),
    "feeds": ("list_feeds", {}),
    "latest": ("get_latest", {"table": "prices", "limit": 2}),
    "query": ("query_market", {"sql": "SELECT count(*) AS rows FROM prices"}),
    "unknown_table": ("get_latest", {"table": "prizes"}),
}


def plain(result):
    return {
        "is_error": result.is_error,
        "text": result.content[0].text,
        "structured": result.structured_content,
    }


async def ask(url, mode):
    async with Client(url, mode=mode) as client:
        tools = (await client.list_tools()).tools
        # The client checks each answer against the tool's own schema.
        answers = {name: plain(await client.call_tool(*call)) for name, call in CALLS.items()}
        return {
            "version": client.protocol_version,
            "server": client.server_info.name,
            "tools": [tool.name for tool in tools],
            "answers": answers,
        }


async def main(url):
    print(json.dumps([await ask(url, mode) for mode in ("auto", "legacy")]))


asyncio.run(main(sys.argv[1]))
