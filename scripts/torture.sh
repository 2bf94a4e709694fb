#!/usr/bin/env bash
# Kills a real server again and again, and lets its power fail. TORTURE=release uses the release numbers of docs/operators/reliability.md.
set -euo pipefail
cd "$(dirname "$0")/.."

sqlite=20 postgres=5 power=100
if [ "${TORTURE:-ci}" = release ]; then sqlite=500 postgres=100 power=5000; fi
scripts/need.sh cargo cc postgres openssl python3

cargo build --quiet --workspace --bin ennakoi --bin torture
./target/debug/torture --binary target/debug/ennakoi --kills "$sqlite"
cc -shared -fPIC -O2 -o target/power-shim.so crates/testkit/src/bin/torture/power/shim.c -ldl -lpthread
./target/debug/torture --binary target/debug/ennakoi --power "$power" --shim "$PWD/target/power-shim.so"
scripts/postgres.sh ./target/debug/torture --binary target/debug/ennakoi --kills "$postgres"
