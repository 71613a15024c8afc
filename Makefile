# Two commands matter: `make run` and `make test`. Each installs what it needs, says what, and asks nothing.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

DATA ?= data
BUILD_TOOLS := gcc pkg-config fonts-noto-cjk
TEST_TOOLS := sip-tester baresip-core chromium fonts-noto-cjk poppler-utils sox strace postgresql python3
DEMO_TOOLS := baresip-core python3

.PHONY: help run demo test test-long test-peers bench figures fmt toolchain build-tools test-tools demo-tools web web-test

help: ## Shows this list.
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

run: toolchain build-tools web ## Builds and starts the server with its demo organisation; Ctrl-C drains and stops it.
	cargo build --release --locked
	exec $${CARGO_TARGET_DIR:-target}/release/rexian serve --data $(DATA)

demo: demo-tools ## Drives the server that `make run` started: two agents, three citizens.
	python3 tests/demo/demo.py --data $(DATA)

test: toolchain build-tools test-tools web web-test ## Everything that a submission must pass.
	cargo fmt --check
	cargo clippy --locked --profile ci --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --profile ci --no-deps --document-private-items
	cargo build --locked --profile ci
	cargo test --locked --profile ci --lib --bins
	cargo test --locked --profile ci --test it
	cargo test --locked --profile ci --test sim
	cargo bench --locked --profile ci --bench sip_parse --bench exchange --bench media_tick --bench journal -- --quick --noplot
	python3 benches/floor.py

test-long: toolchain build-tools test-tools web ## The simulator over 200 000 calls.
	SIM_CALLS=200000 cargo test --locked --profile ci --test sim

test-peers: ## Compares our SIP parser with two others and refreshes the verdicts.
	cd tests/differential && cargo run --locked

bench: toolchain build-tools web ## All benches, with their own statistics.
	cargo bench --locked --profile ci

figures: toolchain build-tools test-tools web ## Measures the whole process under load and writes docs/PERFORMANCE.md.
	cargo build --locked --release
	python3 benches/figures.py

fmt: ## Formats the code.
	cargo fmt

toolchain:
	@command -v cargo >/dev/null || { echo 'Rust is missing: install Rust 1.95 or later (https://rustup.rs).'; exit 1; }
	@command -v node >/dev/null || { echo 'Node is missing: install Node 20.19 or later.'; exit 1; }
	@rustc --version | awk '{ split($$2, v, "."); if (v[1] * 1000 + v[2] < 1095) { print "Rust " $$2 " is too old: 1.95 or later is needed."; exit 1 } }'
	@node --version | tr -d v | awk '{ split($$1, v, "."); if (v[1] * 1000 + v[2] < 20019) { print "Node " $$1 " is too old: 20.19 or later is needed."; exit 1 } }'

# Installs the Debian packages in $(1) that are not there yet.
define install
	@command -v dpkg-query >/dev/null || { echo 'Not a Debian system: these packages are needed, under whatever names they have here: $(1)'; exit 1; }
	@missing=(); for tool in $(1); do \
		[[ "$$(dpkg-query -W -f='$${db:Status-Status}' "$$tool" 2>/dev/null)" == installed ]] || missing+=("$$tool"); \
	done; \
	if (( $${#missing[@]} )); then \
		echo "installing: $${missing[*]}"; \
		sudo=; (( EUID == 0 )) || sudo=sudo; \
		$$sudo apt-get update -qq; \
		$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$${missing[@]}" >/dev/null; \
	fi
endef

build-tools:
	$(call install,$(BUILD_TOOLS))

test-tools:
	$(call install,$(TEST_TOOLS))

demo-tools:
	$(call install,$(DEMO_TOOLS))

web/node_modules: web/package-lock.json
	cd web && npm ci --no-audit --no-fund
	@touch web/node_modules

# Built anew only when something changed: the program holds the screens, so it is compiled anew with them.
WEB_SOURCES := $(shell find web/src web/public web/build web/index.html web/*.json web/*.ts -type f) texts/zh-CN.toml

web/dist/index.html: web/node_modules $(WEB_SOURCES)
	cd web && npm run build

web: web/dist/index.html

web-test: web/node_modules
	cd web && npm run lint && npm run test
