#!/usr/bin/env bash
# Kills a real server again and again. TORTURE=release uses the release numbers of docs/operators/reliability.md.
set -euo pipefail
cd "$(dirname "$0")/.."

sqlite=20 postgres=5
if [ "${TORTURE:-ci}" = release ]; then sqlite=500 postgres=100; fi

cargo build --quiet --workspace --bin ennakoi --bin torture
./target/debug/torture --binary target/debug/ennakoi --kills "$sqlite"
scripts/postgres.sh ./target/debug/torture --binary target/debug/ennakoi --kills "$postgres"
