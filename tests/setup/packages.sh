#!/bin/sh
# Installs the Debian packages of packages.txt whose programs are missing: as root with apt-get. Otherwise it says what is
# missing; the tests that need it are then skipped by name. Under CI=true nothing may be missing.
set -eu

cd "$(dirname "$0")"
PATH=$PATH:/usr/sbin:/sbin

missing() { # packages whose program is not there, each once
    sed 's/#.*//' packages.txt | while read -r program package _; do
        [ -z "$program" ] || command -v "$program" >/dev/null || printf '%s\n' "$package"
    done | sort -u | tr '\n' ' '
}

needed=$(missing)
[ -n "$needed" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing for the tests: $needed" >&2
    # shellcheck disable=SC2086 # a list of packages
    ./apt.sh $needed || echo "apt-get could not install them" >&2
    needed=$(missing)
    [ -n "$needed" ] || exit 0
fi

echo "Not installed: $needed" >&2
if [ "${CI:-}" = true ]; then
    echo "Under CI=true nothing may be missing." >&2
    exit 1
fi
echo "The tests that need them are skipped by name. To have them: apt-get install $needed(as root)" >&2
