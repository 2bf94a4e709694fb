# Ennakoi: every task by name. `make` alone lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
CARGO ?= cargo

.PHONY: help
help: ## List the tasks
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: web ## Build everything and start on http://127.0.0.1:8080 with the embedded database
	$(CARGO) build --release --bin ennakoi
	./target/release/ennakoi serve

.PHONY: demo
demo: web ## Build everything, fill a believable web shop, and start
	$(CARGO) build --release --bin ennakoi
	./target/release/ennakoi demo
	./target/release/ennakoi serve

.PHONY: web
web: web/console/build/index.html web/widget/dist/ennakoi.js ## Build the console and the widget

WEB_SOURCES := $(shell find web i18n -type f -not -path '*/node_modules/*' -not -path '*/build/*' -not -path '*/dist/*' -not -path '*/.svelte-kit/*' 2>/dev/null)

web/node_modules/.installed: web/package.json web/package-lock.json
	scripts/need.sh node npm
	cd web && npm ci --no-audit --no-fund
	touch $@

web/console/build/index.html: web/node_modules/.installed $(WEB_SOURCES)
	cd web && npm run build --workspace console
	touch $@

web/widget/dist/ennakoi.js: web/node_modules/.installed $(WEB_SOURCES)
	cd web && npm run build --workspace widget
	touch $@

.PHONY: test
test: ## Everything that CI runs: formats, lints, both databases, the web, a real browser, a killed server
	scripts/test.sh

.PHONY: quick
quick: ## Tests on SQLite only, without browser and torture: for the minute between two edits
	$(CARGO) test --workspace --quiet

.PHONY: statements
statements: ## Name the SQL statements that no test executes on either database
	trace=$$(mktemp) && ENNAKOI_SQL_TRACE=$$trace $(CARGO) test --workspace --test suite --quiet && \
	ENNAKOI_SQL_TRACE=$$trace scripts/postgres.sh $(CARGO) test --workspace --test suite --quiet && python3 scripts/check_statements.py $$trace

.PHONY: shake
shake: ## The suite on both databases with transactions delayed at random: finds what relies on being fast
	ENNAKOI_SHAKE=200 $(CARGO) test --workspace --test suite -- --test-threads 6
	ENNAKOI_SHAKE=200 scripts/postgres.sh $(CARGO) test --workspace --test suite -- --test-threads 6

.PHONY: bench
bench: web ## Ratios against limits measured in the same run, as JSON lines
	scripts/bench.sh

.PHONY: torture
torture: ## The fault tests at release numbers (hours)
	TORTURE=release scripts/torture.sh

.PHONY: format
format: ## Format Rust and web sources
	$(CARGO) fmt
	cd web && npm run format --if-present

.PHONY: clean
clean: ## Remove what was built
	$(CARGO) clean
	rm -rf web/node_modules web/console/build web/widget/dist
