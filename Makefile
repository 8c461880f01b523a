# `make run` and `make test` work from a bare clone with Python 3.11 or newer and nothing else.
# HOST, PORT and LAGOON_HOME say where the server listens and keeps its files.

PYTHON ?= python3
KILLS ?= 500
TRIALS ?=
SEEDS ?= 1
MUTANTS ?= 20000
REQUESTS ?= 5000
MONKEYS ?= 600
UV := uv==0.13.9

VENV := .venv/bin/python
PIP := $(VENV) -m pip --quiet --disable-pip-version-check
LOCK := $(VENV) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command "make lock"
BROUGHT := static/vendor/htmx.min.js static/vendor/hx-sse.min.js static/vendor/editor.min.js
MISSING := $(filter-out $(wildcard $(BROUGHT)),$(BROUGHT))

# Where this is set, every program that a test starts would compile all of Lagoon anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test bench faults soak load lessons shots lock clean again

run: .venv/installed
	@$(VENV) app.py

test: .venv/installed-test node_modules/axe-core/axe.min.js
	$(VENV) -m ruff check
	$(VENV) -m mypy
	$(VENV) -m pytest --numprocesses auto --dist worksteal

bench: .venv/installed-bench
	$(VENV) -m bench

faults: .venv/installed-test
	$(VENV) -m tests.lab.faults_table --seeds $(SEEDS)

soak: .venv/installed-test
	$(VENV) -m tests.soak --kills $(KILLS)
	$(VENV) -m tests.durability $(TRIALS)
	$(VENV) -m tests.lab.guard.fuzz $(MUTANTS)
	$(VENV) -m tests.web.hostile $(REQUESTS)
	$(VENV) -m tests.web.payloads
	LAGOON_EXAMPLES=200 $(VENV) -m pytest --quiet tests/lab/test_same_seed.py tests/lab/test_beside.py tests/lab/test_trial.py

load: .venv/installed-test
	$(VENV) -m tests.load
	$(VENV) -m tests.load --askers 0 --projecting 10 --seconds 15

lessons: .venv/installed-test
	$(VENV) -m lab lesson check --monkeys $(MONKEYS)
	$(VENV) -m lab lesson roads tests/lessons/roads/*.tsv
	LAGOON_WALKS=all $(VENV) -m pytest --quiet tests/browser/test_lesson_walks.py

shots: .venv/installed-test
	$(VENV) -m tests.shots

lock: .venv/python
	$(PIP) install $(UV)
	$(LOCK) --upgrade --extra test --extra bench pyproject.toml -o requirements/bench.txt
	$(LOCK) --constraint requirements/bench.txt --extra test pyproject.toml -o requirements/test.txt
	$(LOCK) --constraint requirements/bench.txt pyproject.toml -o requirements/run.txt
	$(LOCK) --upgrade requirements/node.in -o requirements/node.txt
	npm install --package-lock-only

clean:
	rm -rf .venv node_modules static/vendor .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	"Lagoon needs Python 3.11 or newer; $(PYTHON) is %d.%d. Say which: make PYTHON=python3.12" % sys.version_info[:2])'
	@echo "Making .venv; the first time takes about a minute."
	@$(PYTHON) -m venv .venv
	@touch $@

# `again` is never made, so this runs whenever a file that npm should have brought is missing.
.venv/installed: .venv/python requirements/run.txt pyproject.toml hatch_build.py package-lock.json requirements/editor.mjs \
		$(if $(MISSING),again)
	@$(PIP) install --require-hashes -r requirements/run.txt
	@$(PIP) install --no-deps -e .
	@touch $@

.venv/installed-test: .venv/installed requirements/test.txt
	@$(PIP) install --require-hashes -r requirements/test.txt
	@touch $@

.venv/installed-bench: .venv/installed-test requirements/bench.txt
	@$(PIP) install --require-hashes -r requirements/bench.txt
	@touch $@

# Only the browser tests want it; they say so where it is missing.
node_modules/axe-core/axe.min.js: package-lock.json .venv/installed
	@command -v npm >/dev/null || $(PIP) install --require-hashes -r requirements/node.txt
	@PATH="$(CURDIR)/.venv/bin:$$PATH" npm ci --no-audit --no-fund --loglevel=error
	@touch $@
