# Names for commands. `make` lists them; the programs are behind them.
PYTHON ?= python3
UV_VERSION := 0.13.8

# uv of this machine, else one of our own in .uv/
UV := $(or $(shell command -v uv 2>/dev/null),.uv/bin/uv)
BIN := .venv/bin
MADE := .venv/.made
MANIFESTS := uv.lock pyproject.toml $(wildcard shared/pyproject.toml recordsmith/pyproject.toml services/*/pyproject.toml examples/*/pyproject.toml)

export UV_PYTHON_DOWNLOADS := never
# As pip does: behind a proxy that reads TLS, the certificates that count are this machine's.
export UV_SYSTEM_CERTS ?= true

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo run test test-kafka test-postgres test-clients check format schemas docs bench-rows bench-spine bench-llm bench-crm bench kafka clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(MADE) ## create or update .venv (PYTHON=python3.12 chooses another Python)
	@echo "Ready: $(BIN)/recordsmith"

demo: $(MADE) ## show the main job on a system of its own (LLM=local asks a small local LLM)
	@$(BIN)/recordsmith demo --data .demo $(if $(filter local,$(LLM)),--llm local)

run: $(MADE) ## run the whole system on this machine until Ctrl-C
	@$(BIN)/recordsmith run --data .recordsmith

test: $(MADE) ## unit and flow tests: no network, no Docker
	@$(BIN)/pytest -q

test-kafka: $(MADE) ## tests on a real Apache Kafka (KAFKA_BOOTSTRAP_SERVERS, Docker, or Java and Maven)
	@$(BIN)/pytest -q -m "kafka or chaos"

test-postgres: $(MADE) ## tests on the PostgreSQL of DATABASE_URL, else on one started for them
	@$(BIN)/python -m tests.postgres.server --run $(BIN)/pytest -q -m postgres

test-clients: $(MADE) ## the official Node clients against the sandbox (npm)
	@$(BIN)/pytest -q -m node services/crm-sandbox/tests/clients

check: $(MADE) ## lint, format, types, import rules, generated files
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy shared/src recordsmith/src $(wildcard services/*/src examples/*/src)
	$(BIN)/lint-imports
	$(BIN)/python -m shared.contract --check
	$(BIN)/python docs/generate/all.py --check
	$(BIN)/python deploy/grafana/dashboard.py --check
	$(BIN)/python deploy/kubernetes/topics.py --check

format: $(MADE) ## format the code and sort imports
	$(BIN)/ruff check --fix-only --quiet
	$(BIN)/ruff format

schemas: $(MADE) ## regenerate shared/schemas from the event models
	$(BIN)/python -m shared.contract

docs: $(MADE) ## regenerate docs/reference, the dashboard and the topics of Kubernetes
	$(BIN)/python docs/generate/all.py
	$(BIN)/python deploy/grafana/dashboard.py
	$(BIN)/python deploy/kubernetes/topics.py

bench-rows: $(MADE) ## rows a second, beside Faker and Mimesis with pandas
	@$(UV) run --frozen --quiet --group bench $(BIN)/python -m bench.rows

bench-spine: $(MADE) ## records a second over the bus, beside raw aiokafka
	@$(BIN)/python -m bench.spine

bench-llm: $(MADE) ## LLM calls at 64 and 256 at once, beside a bare client
	@$(BIN)/python -m bench.llm

bench-crm: $(MADE) ## calls a write costs, and rows a second beside simple-salesforce
	@$(BIN)/python -m bench.crm

bench: bench-spine bench-llm bench-rows bench-crm ## all of them, one after the other

kafka: $(MADE) ## an Apache Kafka on this machine until Ctrl-C (Java and Maven)
	@$(BIN)/python -m tests.kafka.apache_kafka

clean: ## remove .venv, .uv, the demo and caches; keeps .recordsmith and .local-llm
	rm -rf .venv .uv .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(MADE): $(MANIFESTS) | $(UV)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is missing or older than 3.11. Choose another one: make $(or $(MAKECMDGOALS),setup) PYTHON=python3.12"; exit 1; }
	@echo "Installing into .venv; the first time takes about a minute."
	@$(UV) sync --frozen --quiet --python $(PYTHON)
	@touch $@

.uv/bin/uv:
	@$(PYTHON) -m venv .uv
	@.uv/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
