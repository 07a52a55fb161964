# `make` alone lists the targets. Two of them do all the set-up on a fresh machine: `make demo` and `make test`.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
CARGO ?= cargo

.PHONY: help demo check test e2e e2e-fabric e2e-kind bench judges fuzz mutants generate fmt clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## The main job on the embedded API server: validate, plan, reconcile, change; needs Rust only
	@e2e/demo

check: ## The fast subset for the inner loop
	@e2e/check

test: ## Everything that CI runs; installs or builds what it needs
	@e2e/test

e2e: ## The end-to-end suite on a real API server, or on $KUBECONFIG if that is set
	@e2e/e2e

e2e-fabric: ## Fabrics of several sizes before OpenSM on a simulated fabric; no hardware
	@e2e/fabric/test

e2e-kind: ## The same suite on kind (needs Docker)
	@e2e/kind/run

bench: ## Compiler against the floor program, command line against its peers, operator against a bare loader
	@e2e/bench

judges: ## API server, rackwright, kubeconform and kubectl-validate on one corpus: writes docs/judges.md
	@e2e/judges

fuzz: ## Feed any bytes to the reader of captures and any names to the writers of fabric files, a minute each
	@e2e/fuzz/run

mutants: ## Break the rules and the plan check on purpose, and count what the tests notice; takes hours
	@e2e/mutants

generate: ## Write CRDs, rule pages, CLI reference and pictures
	@$(CARGO) xtask generate

fmt: ## Format the Rust sources
	@$(CARGO) fmt --all

clean: ## Remove what was built here (the control plane's binaries stay in the cache)
	@$(CARGO) clean
	@rm -rf e2e/.run
