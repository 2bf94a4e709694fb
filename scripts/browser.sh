#!/usr/bin/env bash
# The job of the product in a real browser, against a real server on a fresh database.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/need.sh chromium node dovecot
make web
cargo build --quiet --workspace --bin ennakoi
folder=$(mktemp -d)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
# What the models learn takes a while; the tests before this one have kept it.
cp target/learned/language-*.bin "$folder/" 2>/dev/null || true
export DATABASE_URL="sqlite:$folder/ennakoi.db"
export ENNAKOI_FILES_URL="file:$folder/files" ENNAKOI_SECURITY_SECRET_FILE="$folder/secret" ENNAKOI_SERVER_LISTEN="127.0.0.1:$port"
export ENNAKOI_SECURITY_VISITOR_REQUESTS_PER_SECOND=1000 ENNAKOI_LOG_LEVEL=warn
env -u ENNAKOI_SCREENSHOTS ./target/debug/ennakoi serve >"$folder/out.log" 2>"$folder/err.log" &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server 2>/dev/null || true; rm -rf "$folder"' EXIT
for _ in $(seq 200); do curl -fs "http://127.0.0.1:$port/readyz" >/dev/null 2>&1 && grep -q 'with the password' "$folder/out.log" && break; sleep 0.1; done

export ENNAKOI_URL="http://127.0.0.1:$port"
ENNAKOI_PASSWORD=$(sed -n 's/.*with the password //p' "$folder/out.log")
export ENNAKOI_PASSWORD
read -r ENNAKOI_KEY ENNAKOI_WORKSPACE <<<"$(node e2e/support/set-up.mjs)"
export ENNAKOI_KEY ENNAKOI_WORKSPACE
node --test --test-concurrency=1 e2e/*.test.mjs e2e/doors/*.test.mjs e2e/widget/*.test.mjs || { tail -40 "$folder/err.log" >&2; exit 1; }
