# Everything a person does in this checkout. `make` alone lists it.
PYTHON ?= python3
T ?=
ARGS ?=
PART ?=
SEED ?=
MINUTES ?=
AT ?=
# Extras stay in the lock file, so that what is installed can be checked against it.
COMPILE = .venv/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-strip-extras \
	--no-emit-index-url --no-emit-find-links --quiet
# The installer must not be run by the Python that it replaces.
OUTSIDE := $(PATH)
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# What the shell says to other Pythons (a path, warnings as errors, no bytecode) does not concern this one.
unexport $(filter-out PYTHON PYTHONUNBUFFERED,$(filter PYTHON%,$(.VARIABLES)))
# Names and texts are in three alphabets, and not every locale's character set has them.
export PYTHONUTF8 := 1
# Only `make run` takes a server from the shell; libpq's variables would keep everything else from its own.
ifeq ($(and $(DATABASE_URL),$(filter run,$(MAKECMDGOALS))),)
unexport $(filter PG%,$(.VARIABLES))
endif

.PHONY: help run demo test fuzz coverage drills browser lint bench calendar torture surroundings requirements materials clean installed installed-dev

help: ## list the commands
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

run: installed ## start everything here; Ctrl-C stops it
	@exec python -m diana.local run

demo: installed ## play a conversation of five people and count what came of it (AT=2026-12-31T23:50Z: then)
	@exec python -m demo $(if $(AT),--at $(AT))

test: installed-dev ## run the tests (T=path, ARGS="-k name")
	@exec python -m tests.budget -n 2 --dist worksteal $(T) $(ARGS)

fuzz: installed-dev ## post updates as bots meet them, and ten thousand mutations (ARGS="--seed 7 --count 500", "--only 12", "--help")
	@exec python -m fuzz $(ARGS)

coverage: installed-dev ## run the tests, say which lines and branches they leave out (95 % of people, game and bus must be covered)
	@mkdir -p .diana/coverage && python -m pytest -n 2 --dist worksteal --cov --cov-report= $(T) $(ARGS)
	@failed=; for part in apps/users apps/gamification diana/events; do \
		echo "== $$part"; coverage report --include="$$part/*" --skip-covered --show-missing --fail-under=95 || failed="$$failed $$part"; \
	done; test -z "$$failed" || { echo "less than 95 %:$$failed" >&2; exit 1; }

drills: installed-dev ## rehearse failover, graceful stops, several of each process (some minutes)
	@exec python -m pytest -n 0 $(or $(T),tests/ha/drill_*.py tests/deploys/drill_*.py tests/torture/drill_*.py) $(ARGS)

browser: installed-dev ## talk to the bot in a real browser, on real servers (Chromium and npm; ARGS="-k name")
	@tests/browser/prepare.sh
	@exec python -m pytest -n 0 $(or $(T),tests/browser/check_*.py) $(ARGS)

lint: installed-dev ## check style, types, who imports whom, and that no secret stands here
	@failed=; for check in 'ruff check' 'ruff format --check' mypy lint-imports 'python .ci/sql_clock.py' 'python .ci/secret_scan.py'; do \
		echo "== $$check"; $$check || failed="$$failed [$$check]"; \
	done; test -z "$$failed" || { echo "failed:$$failed" >&2; exit 1; }

bench: installed-dev ## measure throughput and latency (PART=crowd, outage, replies, replay, large_log, boards, full_rules or batches: that alone)
	@exec python -m bench$(if $(PART),.$(PART)) $(ARGS)

calendar: installed-dev ## play the demo and run the suite on days that are hard on calendars (over an hour; ARGS="--demos")
	@exec python -m calendar_runs $(ARGS)

torture: installed-dev ## let everything fail, by seed, and count what is lost or doubled (SEED=7, MINUTES=20)
	@SEED="$(SEED)" MINUTES="$(MINUTES)" exec python -m torture

surroundings: installed ## play the demo in fresh clones under other locales, accounts, folders, Pythons … (ARGS="--list", 20 minutes)
	@exec python -m surroundings $(ARGS)

requirements: installed-dev ## resolve requirements*.in with hashes
	@$(COMPILE) requirements.in --output-file requirements.txt
	@$(COMPILE) requirements-dev.in --output-file requirements-dev.txt

materials: installed ## print the bill of materials of what runs Diana (CycloneDX)
	@exec python .ci/bill_of_materials.py

clean: ## stop what runs of this checkout, remove its local data and caches; .venv stays
	@if [ -x .venv/bin/python ]; then python -m diana.local clean; fi
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -path ./.venv -prune -o -name __pycache__ -type d -exec rm -rf {} +

define install
@PATH='$(subst ','\'',$(OUTSIDE))'; command -v $(PYTHON) >/dev/null || { \
	echo 'There is no $(PYTHON) here: name a Python from 3.11 on, as in `make PYTHON=python3.12 …`.' >&2; exit 127; }; \
$(PYTHON) -I -X utf8 diana/local/install.py .venv $(1)
endef

installed:
	$(call install,requirements.txt)

installed-dev:
	$(call install,requirements.txt requirements-dev.txt)
