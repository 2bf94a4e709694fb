#!/usr/bin/env bash
# usage: plans.sh TRACE
# Looks at how SQLite would answer each statement that the tests executed.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
DATABASE_URL="sqlite:$folder/empty.db" ENNAKOI_FILES_URL="file:$folder/files" ENNAKOI_SECURITY_SECRET_FILE="$folder/secret" ENNAKOI_LOG_LEVEL=error \
  target/debug/ennakoi migrate
python3 scripts/check_plans.py "$folder/empty.db" "$1"
