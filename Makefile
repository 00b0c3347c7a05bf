# Utpost. `make` alone lists what there is. Works as root and as a user, on a bare Debian 12.

ARGS ?=
PYTEST := .venv/bin/pytest
ONCE ?=
FUZZ := data commands balancer replies milter message html segments files policies

.DEFAULT_GOAL := help
.PHONY: help install run test test-long fuzz reliability soak mutants lint format eval bench pictures clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

install: ## make .venv with .venv/bin/utpost, nothing else
	@tests/setup/environment.sh run

run: install ## try Utpost out on 127.0.0.1:2525 (ONCE=1: end after the table)
	@.venv/bin/python demo/run.py $(if $(filter-out 0,$(ONCE)),--once) $(ARGS)

test: ## install what the tests need, and run all but the long ones (ARGS= for pytest)
	@tests/setup/environment.sh test
	@tests/setup/packages.sh
	@$(PYTEST) $(or $(ARGS),-n 3 --dist worksteal)

test-long: ## the long tests
	@tests/setup/environment.sh test
	@tests/setup/packages.sh
	@$(PYTEST) -m long $(ARGS)

fuzz: ## fuzz what strangers' octets reach, target after target (SECONDS=300 for each; TARGET= for one)
	@tests/setup/environment.sh test
	@for target in $(or $(TARGET),$(FUZZ)); do .venv/bin/python tests/fuzz/run.py $$target --seconds $(or $(SECONDS),300) || exit 1; done

reliability: ## break things at every stage before a real Postfix, and write docs/reliability.md (ARGS="--runs 5 --messages 30")
	@tests/setup/environment.sh test
	@tests/setup/packages.sh
	@.venv/bin/python -m tests.reliability.matrix $(ARGS)

soak: ## send very many messages and see that nothing grows (ARGS="--messages 5000" takes two minutes)
	@tests/setup/environment.sh test
	@.venv/bin/python -m tests.reliability.soak $(ARGS)

mutants: ## change what judges and counts, and see whether a test notices (MUTANTS="gateway.policy.*", one process)
	@tests/setup/environment.sh test
	@.venv/bin/pip install --quiet --disable-pip-version-check "mutmut>=3.8"
	@.venv/bin/mutmut run --max-children 1 $(or $(MUTANTS),"gateway.policy.*") && .venv/bin/mutmut results

lint: ## ruff, mypy, import contracts
	@tests/setup/environment.sh test
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy
	@.venv/bin/lint-imports

format: ## let ruff arrange the code
	@tests/setup/environment.sh test
	@.venv/bin/ruff format

eval: ## print how well the judgement does on all labelled material (ARGS="--data FOLDER" where it is elsewhere)
	@tests/setup/environment.sh test
	@.venv/bin/python eval/score.py $(ARGS)

bench: ## measure beside other gateways (PEERS=path of the black-box harness peers.py; ARGS= for it)
	@tests/setup/environment.sh run
	@if [ -z "$(PEERS)" ]; then echo "make bench: say where the harness is: make bench PEERS=…/peers.py ARGS=--quick" >&2; exit 2; fi
	@.venv/bin/python bench/compare.py $(PEERS) $(ARGS)

docs: ## write the generated pages and build the site into var/site
	@tests/setup/environment.sh test
	@.venv/bin/python docs/generate.py
	@NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --quiet --strict && echo var/site/index.html

pictures: ## photograph every letter, phone and desktop, light and dark, into var/pictures (needs chromium)
	@tests/setup/environment.sh test
	@mkdir -p var/pictures
	@UTPOST_PICTURES=$(CURDIR)/var/pictures $(PYTEST) -q -m long tests/integration/test_letter_pages.py
	@ls var/pictures

clean: ## take away the environment, caches and var/
	@rm -rf .venv var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
