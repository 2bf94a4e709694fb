#!/usr/bin/env bash
# usage: scripts/postgres.sh COMMAND…
# Runs COMMAND with TEST_DATABASE_URL naming a throw-away PostgreSQL on this machine, and removes it afterwards. It speaks TLS with
# a self-made certificate for "localhost": TEST_DATABASE_CERTIFICATE names the root that signed it, with a stranger's root beside
# it. The role "secured" comes in with TLS and a password only.
set -euo pipefail

binaries=$(find /usr/lib/postgresql -maxdepth 2 -name bin -type d 2>/dev/null | sort -V | tail -1)
[ -n "$binaries" ] || { echo "PostgreSQL is not installed: apt-get install postgresql" >&2; exit 1; }
folder=$(mktemp -d)
command -v openssl >/dev/null || { echo "openssl is not installed: apt-get install openssl" >&2; exit 1; }
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

root_of() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$2" -keyout "$folder/$1.key" -out "$folder/$1.crt" 2>/dev/null
}
root_of root "Ennakoi test root"
root_of stranger "Somebody else"
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=localhost" -keyout "$folder/server.key" -out "$folder/server.csr" 2>/dev/null
openssl x509 -req -in "$folder/server.csr" -CA "$folder/root.crt" -CAkey "$folder/root.key" -CAcreateserial -days 2 \
  -extfile <(printf 'subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n') -out "$folder/server.crt" 2>/dev/null
chmod 600 "$folder/server.key"
if [ "$(id -u)" = 0 ]; then chown ennakoi-test "$folder/server.key" "$folder/server.crt"; fi

pushd "$folder" >/dev/null
as_user "$binaries/initdb" -D "$folder/data" -U ennakoi -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$folder/init.log"
printf 'hostssl all secured 127.0.0.1/32 scram-sha-256\nhost all secured all reject\n' | cat - "$folder/data/pg_hba.conf" >"$folder/pg_hba.conf"
cat "$folder/pg_hba.conf" >"$folder/data/pg_hba.conf"
as_user "$binaries/pg_ctl" -D "$folder/data" -w -t 60 -l "$folder/log" \
  -o "-c listen_addresses=127.0.0.1 -p $port -k $folder -c fsync=${POSTGRES_FSYNC:-off} -c full_page_writes=${POSTGRES_FSYNC:-off} -c max_connections=300 -c shared_buffers=128MB -c ssl=on -c ssl_cert_file=$folder/server.crt -c ssl_key_file=$folder/server.key" start >/dev/null
popd >/dev/null
export TEST_DATABASE_CERTIFICATE="$folder/root.crt"
TEST_DATABASE_URL="postgres://ennakoi@127.0.0.1:$port/postgres" "$@"
