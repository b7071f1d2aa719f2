# Two commands set up everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOG ?= sqlite
# Tests wait for devices, timers and brokers for half of their time, so one more than there are processors.
PROCESSES ?= $(shell expr $$(nproc) + 1)
ROOMS := events inventory automation workers console lab
.DEFAULT_GOAL := help

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

$(VENV)/.installed: requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

setup: $(VENV)/.installed  ## the virtual environment, from the lock file

demo: setup  ## the whole story on simulated devices; LOG=kafka plays it on a real broker
	$(if $(filter kafka,$(LOG)),deploy/kafka/with-broker) $(BIN)/wavegate demo --log $(LOG)

lint: setup  ## ruff, mypy --strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint  ## everything that is checked: lint, types, imports, tests
	deploy/kafka/with-broker $(BIN)/pytest -m "not real_time" -n $(PROCESSES) --dist loadfile --no-loadscope-reorder
	deploy/kafka/with-broker $(BIN)/pytest -m real_time -n 2 --dist loadfile

kafka-up: setup  ## a real Apache Kafka on free ports; prints KAFKA_BOOTSTRAP
	deploy/kafka/up

kafka-down:  ## stops the broker that kafka-up started
	deploy/kafka/down

lock:  ## resolve the dependencies anew
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -o requirements.lock pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --extra dev -c requirements.lock -o requirements-dev.lock pyproject.toml

clean:  ## removes what the build made
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis deploy/kafka/target

.PHONY: help setup demo lint test kafka-up kafka-down lock clean
