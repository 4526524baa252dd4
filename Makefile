# make demo: environment, install, then the main job on synthetic actors (a few minutes on two cores)
# make test: the same environment, then the tests
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
THREADS ?= $(shell nproc)

.PHONY: demo test lint install clean

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --disable-pip-version-check -q -e '.[dev]' -c constraints.txt
	@touch $@

demo: install
	$(BIN)/python tools/demo.py --out demo

# One process per core with one thread each: threads that wait for each other cost more than they bring.
test: install
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(THREADS)

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

clean:
	rm -rf demo $(VENV) *.egg-info .pytest_cache .ruff_cache
