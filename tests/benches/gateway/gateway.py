"""REST in front of the data-engine the way one is written in Python: FastAPI, uvicorn with uvloop and httptools, grpc.aio.

Makes its stubs from the schema, then serves: gateway.py <folder of the schema> <address of the engine> <port>
"""

import importlib
import sys
import tempfile
from pathlib import Path

import grpc
import uvicorn
from fastapi import FastAPI, HTTPException
from google.protobuf.json_format import MessageToDict
from grpc_tools import protoc

PACKAGES = ["goat/market/v1", "goat/access/v1", "goat/rules/v1"]


def stubs(schema):
    out = tempfile.mkdtemp()
    files = [str(path) for package in PACKAGES for path in sorted(Path(schema, package).glob("*.proto"))]
    common = str(Path(importlib.import_module("google.api.annotations_pb2").__file__).parents[2])
    include = [f"-I{schema}", f"-I{common}", f"-I{Path(protoc.__file__).parent / '_proto'}"]
    if protoc.main(["protoc", *include, f"--python_out={out}", f"--grpc_python_out={out}", *files]) != 0:
        raise SystemExit("the stubs could not be made")
    sys.path.insert(0, out)
    service = "goat.market.v1.market_data_service_pb2"
    return importlib.import_module(service), importlib.import_module(service + "_grpc")


def main():
    schema, engine, port = sys.argv[1:]
    messages, services = stubs(schema)
    app = FastAPI()
    stub = None

    @app.get("/price/{token}")
    async def price(token: str):
        nonlocal stub
        if stub is None:
            stub = services.MarketDataServiceStub(grpc.aio.insecure_channel(engine))
        try:
            answer = await stub.GetPrice(messages.GetPriceRequest(token=token))
        except grpc.aio.AioRpcError as error:
            raise HTTPException(502, error.details()) from error
        return MessageToDict(answer, always_print_fields_with_no_presence=True)

    uvicorn.run(app, port=int(port), loop="uvloop", http="httptools", workers=1, access_log=False, log_level="warning")


main()
