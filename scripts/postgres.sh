#!/usr/bin/env bash
# usage: scripts/postgres.sh COMMAND…
# Runs COMMAND with TEST_DATABASE_URL naming a throw-away PostgreSQL on this machine, and removes it afterwards.
set -euo pipefail

binaries=$(find /usr/lib/postgresql -maxdepth 2 -name bin -type d 2>/dev/null | sort -V | tail -1)
[ -n "$binaries" ] || { echo "PostgreSQL is not installed: apt-get install postgresql" >&2; exit 1; }
folder=$(mktemp -d)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

# PostgreSQL refuses to run as root.
as_user() { "$@"; }
if [ "$(id -u)" = 0 ]; then
  id ennakoi-test >/dev/null 2>&1 || useradd --system --no-create-home --shell /usr/sbin/nologin ennakoi-test
  chown ennakoi-test "$folder"
  as_user() { setpriv --reuid=ennakoi-test --regid=ennakoi-test --clear-groups "$@"; }
fi
clean() { as_user "$binaries/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$folder"; }
trap clean EXIT

pushd "$folder" >/dev/null
as_user "$binaries/initdb" -D "$folder/data" -U ennakoi -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$folder/init.log"
as_user "$binaries/pg_ctl" -D "$folder/data" -w -t 60 -l "$folder/log" \
  -o "-c listen_addresses=127.0.0.1 -p $port -k $folder -c fsync=${POSTGRES_FSYNC:-off} -c full_page_writes=${POSTGRES_FSYNC:-off} -c max_connections=300 -c shared_buffers=128MB" start >/dev/null
popd >/dev/null
TEST_DATABASE_URL="postgres://ennakoi@127.0.0.1:$port/postgres" "$@"
