#!/usr/bin/env bash
# Everything that CI runs. Each step prints its name and how long it took; the first failure ends the run.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/need.sh cargo cc python3 node npm postgres chromium dovecot openssl

step() {
  local name=$1 started=$SECONDS
  shift
  echo "== $name"
  "$@"
  echo "== $name: $((SECONDS - started)) s"
}

export CARGO_TERM_COLOR=never
trace=$(mktemp)
trap 'rm -f "$trace"' EXIT

step "formats" cargo fmt --check
step "web dependencies" make web/node_modules/.installed
step "web: types, texts, unit tests" bash -c 'cd web && npm run check && npm test'
step "web: build" make web
step "lints" cargo clippy --workspace --all-targets --quiet -- -D warnings
step "layers" python3 scripts/check_layers.py
step "unit and SQLite tests" env ENNAKOI_SQL_TRACE="$trace" cargo test --workspace
step "PostgreSQL tests" env ENNAKOI_SQL_TRACE="$trace" scripts/postgres.sh cargo test --workspace --test suite
step "every statement was executed" python3 scripts/check_statements.py "$trace"
step "every column has a data class" cargo test --workspace --test suite --quiet -- schema
step "documentation" env RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" cargo doc --workspace --no-deps --quiet
step "server binary" cargo build --workspace --bin ennakoi
step "plans of statements" scripts/plans.sh "$trace"
step "in a real browser" scripts/browser.sh
step "a killed server" scripts/torture.sh
