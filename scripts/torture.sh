#!/usr/bin/env bash
# Kills a real server again and again, and lets its power fail. TORTURE=release uses the release numbers of docs/operators/reliability.md.
set -euo pipefail
cd "$(dirname "$0")/.."

sqlite=20 postgres=5 power=100 mail="--mail 80 --answers 20 --kills 4"
if [ "${TORTURE:-ci}" = release ]; then sqlite=500 postgres=100 power=5000 mail="--mail 1000 --answers 200 --kills 25"; fi
scripts/need.sh cargo cc dovecot postgres openssl python3

cargo build --quiet --workspace --bin ennakoi --bin torture
./target/debug/torture --binary target/debug/ennakoi --kills "$sqlite"
# shellcheck disable=SC2086 # several words
./target/debug/torture --binary target/debug/ennakoi $mail
cc -shared -fPIC -O2 -o target/power-shim.so crates/testkit/src/bin/torture/power/shim.c -ldl -lpthread
./target/debug/torture --binary target/debug/ennakoi --power "$power" --shim "$PWD/target/power-shim.so"
scripts/postgres.sh ./target/debug/torture --binary target/debug/ennakoi --kills "$postgres"
