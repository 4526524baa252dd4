# make demo: environment, install, then a first look on drawn actors: a film that the network in the box predicts,
#   and the main job from clips to a report (three minutes on two cores)
# make test: the same environment, then the tests
# make package: wheel and source distribution into dist/, tried in an empty environment (some minutes, 7 GB)
# make docs: the documentation as a site, in site/; make docs-serve shows it while it is written
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
THREADS ?= $(shell nproc)

.PHONY: demo test lint docs docs-serve package install clean

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	@echo "installing into $(abspath $(VENV)): about 7 GB, most of it PyTorch with CUDA; a few minutes"
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

docs: install
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict
	@echo "the site is in $(CURDIR)/site; open site/index.html; make docs-serve has the search, too"

docs-serve: install
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs serve

package: install
	$(BIN)/python tools/try_wheel.py --out dist

clean:
	rm -rf demo dist site $(VENV) *.egg-info .pytest_cache .ruff_cache
