# Every command that people and CI run. Each installs what it needs where that is possible.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
TARGET := $(or $(CARGO_TARGET_DIR),target)

.PHONY: help run test e2e check alerts-check deploy-check fmt bench breaker scaling fuzz-api client-smoke listeners rolling postgres haproxy

help:
	@echo "make run    build and serve on 127.0.0.1:8080, with a PostgreSQL and sample data of its own"
	@echo "make test   all tests, with a PostgreSQL of their own, and the console in a browser where there is one"
	@echo "make e2e    the console in a browser alone; installs what it needs as root"
	@echo "make check  formatting, lints, licences"
	@echo "make alerts-check  the alert rules, read and tried by promtool"
	@echo "make fmt    format the code"
	@echo "make bench  measure it, beside its limits"
	@echo "make fuzz-api      generated requests, each answer held against the description (needs Python)"
	@echo "make client-smoke  a Python client generated from the description, in use (needs Python)"
	@echo "make deploy-check  the container's file, compose files and Kubernetes overlays, against their schemas (needs Python)"
	@echo "make listeners  what those cost who listen to live views and hear nothing"
	@echo "make rolling    the previous commit's processes replaced by today's, under load"
	@echo "make scaling  what each part costs, and what to add as more is asked"
	@echo "make breaker  orders against a slow payment gateway, with the circuit breaker and without"

run: postgres
	cargo build --workspace --bins --profile perf
	@exec "$(TARGET)/perf/jangteo" serve

# Always the whole workspace: building a part of it resolves features anew and builds much twice.
test: postgres haproxy
	cargo build --workspace --bins
	@if cargo nextest --version >/dev/null 2>&1; then \
		scripts/with-postgres cargo nextest run --workspace; \
	else \
		scripts/with-postgres cargo test --workspace; \
	fi
	@scripts/e2e --if-possible

# The console in a browser; pictures are left in target/e2e.
e2e: postgres
	cargo build --workspace --bins
	@scripts/e2e

check:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	@if cargo deny --version >/dev/null 2>&1; then \
		cargo deny --offline check bans licenses sources; \
	else \
		echo "cargo-deny is not installed: licences and sources are not checked"; \
	fi

alerts-check:
	@scripts/check-alerts

fmt:
	cargo fmt --all

bench: postgres
	cargo build --profile perf --workspace --bins
	"$(TARGET)/perf/bench"

breaker: postgres
	cargo build --profile perf --workspace --bins
	"$(TARGET)/perf/bench" breaker

scaling: postgres
	cargo build --profile perf --workspace --bins
	"$(TARGET)/perf/bench" parts
	"$(TARGET)/perf/bench" scaling

fuzz-api: postgres
	cargo build --workspace --bins
	scripts/fuzz-api

client-smoke: postgres
	cargo build --workspace --bins
	scripts/client-smoke

deploy-check:
	scripts/check-deploy

listeners: postgres
	cargo build --profile perf --workspace --bins
	"$(TARGET)/perf/bench" listeners

rolling: postgres haproxy
	cargo build --workspace --bins
	scripts/rolling

postgres:
	@scripts/install-postgres

haproxy:
	@scripts/install-haproxy
