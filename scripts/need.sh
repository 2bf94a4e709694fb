#!/usr/bin/env bash
# usage: scripts/need.sh PROGRAM…
# Names every program that is missing and how to get it; installs Debian packages when it may.
set -euo pipefail

package_of() {
  case "$1" in
    node | npm) echo "nodejs npm" ;;
    chromium) echo chromium ;;
    postgres) echo postgresql ;;
    dovecot) echo "dovecot-imapd dovecot-lmtpd" ;;
    openssl) echo openssl ;;
    python3) echo python3 ;;
    cc) echo "gcc libc6-dev" ;;
    *) echo "$1" ;;
  esac
}

present() {
  case "$1" in
    postgres) compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null ;;
    # Not on everybody's path.
    dovecot) [ -x /usr/sbin/dovecot ] && [ -x /usr/lib/dovecot/lmtp ] ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

missing=()
for program in "$@"; do present "$program" || missing+=("$program"); done
[ ${#missing[@]} -gt 0 ] || exit 0

for program in "${missing[@]}"; do
  if [ "$program" = cargo ]; then
    echo "cargo is missing: install Rust 1.95 or newer with rustup (https://rustup.rs)" >&2
    exit 1
  fi
done
packages=$(for program in "${missing[@]}"; do package_of "$program"; done | tr '\n' ' ')
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing $packages" >&2
  apt-get update -qq
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
else
  echo "missing: ${missing[*]}. On Debian: sudo apt-get install $packages" >&2
  exit 1
fi
