# make book     the book, from nothing: environment, data, runs, pages
# make test     the tests and the linters
# make help     everything else
#
# JOBS         tasks at a time (default: the number of cores)
# TORCH_INDEX  package index of a GPU build of torch, e.g. https://download.pytorch.org/whl/cu130 (default: as before, at first cpu)
# PYTHON       interpreter for .venv, 3.11 or newer (default: python3)
ifeq ($(value JOBS),)
JOBS := $(shell nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 2)
endif
# Handed on through the environment, as they were written: neither make nor a shell may take a part of them for a command.
override JOBS := $(value JOBS)
override TORCH_INDEX := $(value TORCH_INDEX)
override PYTHON := $(value PYTHON)
export JOBS TORCH_INDEX PYTHON
BIN := .venv/bin
# The environment's programs come first, also for what they start in turn (papermill's kernels, jupyter-book).
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := book
.PHONY: book pdf counts test test-deep lint aqs predictors rehearse paper demo-full bench setup clean help

book: setup  ## the book from the embedded world and the committed results
	$(BIN)/doit -n "$$JOBS" book
	@echo "The book: $(CURDIR)/_build/html/index.html"

pdf: book  ## the whole book as one PDF; needs Chromium
	$(BIN)/python scripts/pdf.py

counts: setup  ## words, figures, tables and weight of the built book, beside their limits
	$(BIN)/python scripts/count.py

test: lint  ## linters, then tests
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2

test-deep: setup  ## faults by the hundred: killed, cut, flipped, disk full, two at once
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 -m deep

lint: setup  ## linters alone: style, and which floor may import which
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache --no-logo

demo-full: setup  ## every run of the embedded world: hours, resumable
	$(BIN)/doit -n "$$JOBS" demo-full
	$(BIN)/doit -n 1 demo-full-evidence

aqs: setup  ## every run on real EPA AQS data; needs PLACEPRIOR_DATA
	$(BIN)/doit -n "$$JOBS" aqs
	$(BIN)/doit -n 1 aqs-evidence

predictors: setup  ## the study's own predictors at its model size; wants a GPU and a cube in PLACEPRIOR_DATA
	$(BIN)/doit -n 2 predictors  # as for paper

rehearse: setup  ## from plan to pages on small made-up files of the providers, without a network
	$(BIN)/python scripts/rehearse.py

paper: setup  ## the runs at the paper's size; wants a GPU and PLACEPRIOR_DATA
	-$(BIN)/placeprior weights satclip-l10 satclip-l40  # without a network, the rest runs
	$(BIN)/doit -n 2 paper  # two runs keep a GPU busy; more would share it

bench: setup  ## speed and memory against what one would otherwise use
	$(BIN)/doit -n 1 bench

setup:  ## .venv with exact versions; does nothing when it is up to date
	@sh scripts/setup.sh

clean:  ## remove built pages and caches; keeps .venv and the store of finished runs
	rm -rf _build book/chapters build .pytest_cache .ruff_cache .hypothesis .doit.db*

help:  ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1|/p' Makefile | awk -F'|' '{printf "  make %-11s %s\n", $$1, $$2}'
