#!/usr/bin/env bash
# What the server and the models reach, as JSON lines with ratios against limits or peers measured in the same run.
set -euo pipefail
cd "$(dirname "$0")/.."

ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -Hn)"
cargo build --quiet --release --bin ennakoi --bin bench --example eval
./target/release/bench --binary target/release/ennakoi
if command -v python3 >/dev/null; then
  python3 bench/foresight/compare.py --eval target/release/examples/eval
fi
