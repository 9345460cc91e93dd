# Everything goes through these targets, here and in CI.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
LOCK := requirements.lock

.PHONY: demo test lint types unit matrix fuzz wheel weights bench docs lock clean

demo: $(STAMP)  ## paint a photograph with the published painters, then train a small DCGAN on the built-in scenes
	$(BIN)/python docs/demo.py demo/published
	$(BIN)/ganzoo run dcgan-laptop --budget 4min --sample-every 30s --out demo/dcgan --overwrite
	$(BIN)/ganzoo sample demo/dcgan -n 64 --out demo/samples.png
	$(BIN)/ganzoo sample demo/dcgan --walk 80 --out demo/walk.gif
	@echo "Paintings: demo/published; what DCGAN draws: demo/samples.png, demo/walk.gif, and demo/dcgan/samples from step to step"

test: lint types unit  ## everything that must be green

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/ganzoo registry check
	$(BIN)/python -m tests.audit

types: $(STAMP)
	$(BIN)/mypy

# One worker a core, each with one thread: networks this small gain nothing from more. A worker that has nothing left
# to do takes tests from another. SLOW=1, as in CI, runs the slow tests as well.
# Compiled files are kept, whatever the environment says: the tests start many Pythons.
PYTEST := PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(BIN)/pytest -q -n auto --dist worksteal
unit: $(STAMP)
	$(PYTEST) -m '$(if $(SLOW),,not slow and )not matrix'

matrix: $(STAMP)  ## every generator with every discriminator and loss, every translator with every augmentation; minutes
	$(PYTEST) -m matrix tests/zoo

# FUZZ is the number of seconds for each of the readers.
FUZZ ?= 60
fuzz: $(STAMP)  ## what reads files of others, with random ones that no one has seen before
	FUZZ=$(FUZZ) OMP_NUM_THREADS=1 $(BIN)/pytest -q -s tests/fuzz

wheel: $(STAMP)  ## the wheels of ganzoo and the examples, used in an environment of their own
	$(BIN)/python tests/wheel/try_wheels.py

# NAME=oil makes one of them. MONET is a folder with paintings by Monet.
weights: $(STAMP)  ## trains the published models again, which takes hours, and writes their files and entries
	MONET="$(MONET)" $(BIN)/python -m recipes $(NAME)

bench: $(STAMP)  ## speed, as ratios measured in one run
	$(BIN)/python -m tests.benchmarks

docs: $(VENV)/.docs
	$(BIN)/sphinx-build -W -q -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

lock: $(STAMP)  ## pin what is not pinned yet; UPGRADE=1 takes newer releases, none younger than a week
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes --no-annotate \
		--exclude-newer '7 days' $(if $(UPGRADE),--upgrade) --custom-compile-command 'make lock' \
		--output-file $(LOCK) pyproject.toml

# With LOCKED=1, as in CI, nothing is installed but the very files that were published when the lock was made, and no
# setup script runs. Without it pip takes the newest releases that fit the ranges.
ifdef LOCKED
INSTALL := --require-hashes --only-binary :all: --requirement $(LOCK)
else
INSTALL := --editable '.[dev]'
endif

# The stamp is older than pyproject.toml when dependencies may have changed.
$(STAMP): pyproject.toml $(if $(LOCKED),$(LOCK))
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet $(INSTALL)
	$(if $(LOCKED),$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .)
	touch $@

$(VENV)/.docs: $(STAMP)
	$(BIN)/python -m pip install --quiet --editable '.[dev,docs]'
	touch $@

clean:
	rm -rf $(VENV) build dist docs/_build .mypy_cache .pytest_cache .ruff_cache
