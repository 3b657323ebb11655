"""What is asked of the description beyond the client's own checks.

Examples fit their schemas. What fits the description is not told that it cannot be right: the client's own check judges
by the HTTP status, and 400 is also what grpc-gateway's table gives to FAILED_PRECONDITION and OUT_OF_RANGE, which tell of
the present state. A refusal here carries its code in gRPC.
"""

import re

import jsonschema_rs
import schemathesis

INVALID_ARGUMENT = 3

# What a JSON schema cannot say of a request: the path, and how the refusal begins.
BEYOND_A_SCHEMA = [
    # Whether a text is a SELECT on tables that there are.
    (r"/query(_sql)?$", ""),
    # A play names wallets, features and projects, and its fields depend on one another.
    (r"/plays(/{id}(/plan)?)?$", ""),
    # A filter names a feature, and needs bounds in their order.
    (r"/patterns/projects(/{id})?$", ""),
    # An event is of now, and what it says of a market fits together.
    (r"/insert(/batch|/sync)?$", ""),
    # A page continues an answer of the same log and table.
    (r"/backfill/{table}$", "(page_token|hours) "),
    (r"/strategy_trades$|/strategies/{name}/trades$", "page_token "),
    (r"/(decisions|buyins)$", "page_token "),
    # A position lies within the log, a part within its bundle.
    (r"/sync/{table}$", "since_id "),
    (r"/bundle$", "offset "),
    # Several parameters exclude one another.
    (r"/results$", "name one of "),
    # The same id was another command's.
    (r"/trading/(pause|resume)$|/strategies/{name}/resume$", "request_id "),
    # Not every month has 31 days.
    (r"/trading/parity$", "day "),
]


@schemathesis.hook
def before_load_schema(context, raw_schema):
    for path, verbs in raw_schema["paths"].items():
        for verb, operation in verbs.items():
            described = operation.get("parameters", []) + list(
                operation.get("requestBody", {}).get("content", {}).values()
            )
            for part in (part for part in described if "example" in part):
                schema = {"components": raw_schema["components"], "allOf": [part["schema"]]}
                for error in jsonschema_rs.Draft202012Validator(schema, validate_formats=True).iter_errors(part["example"]):
                    raise ValueError(f"the example of {verb} {path}: {error.message}")


@schemathesis.check
def what_fits_can_be_right(ctx, response, case):
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if response.status_code < 400 or response.status_code >= 500:
        return
    refusal = response.json()
    if refusal["code"] != INVALID_ARGUMENT:
        return
    for path, message in BEYOND_A_SCHEMA:
        if re.search(path, case.path) and re.match(message, refusal["message"]):
            return
    raise AssertionError(refusal["message"])
