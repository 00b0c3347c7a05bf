#!/bin/sh
# usage: environment.sh run|test
#
# Makes .venv with Utpost in it, as an editable installation, and for "test" the tools of the tests too. Does nothing
# when that was done already for this very pyproject.toml. PYTHON= names an interpreter (3.11 or newer).
set -eu

cd "$(dirname "$0")/../.."
wanted=${1:?usage: environment.sh run|test}

say() { printf '%s\n' "$*" >&2; }

stamp() { # what the environment depends on
    { cat pyproject.toml; printf '%s\n' "$PWD"; .venv/bin/python -V; } 2>/dev/null | cksum
}

done_for() { # is it there, whole, and made for these very files?
    [ -x .venv/bin/utpost ] && [ -f ".venv/.made-for-$1" ] && [ "$(cat ".venv/.made-for-$1")" = "$(stamp)" ]
}

if done_for "$wanted" || { [ "$wanted" = run ] && done_for test; }; then
    exit 0
fi

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 /usr/bin/python3}; do
        if is_new_enough "$candidate"; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    say "Python 3.11 or newer is needed, and ${PYTHON:-python3} is not that. On Debian 12: apt-get install python3-venv"
    exit 1
}

if ! .venv/bin/python -c '' 2>/dev/null; then
    python=$(find_python)
    if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            say "Installing the Debian package python3-venv"
            tests/setup/apt.sh python3-venv
        else
            say "Python's venv module is missing; as root: apt-get install python3-venv"
            exit 1
        fi
    fi
    say "Making .venv with $("$python" -V)"
    rm -rf .venv
    "$python" -m venv .venv
fi

extras=
[ "$wanted" = run ] || extras='[test]'
say "Installing Utpost${extras:+ and what its tests need} into .venv"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --use-pep517 --editable ".$extras"
stamp >".venv/.made-for-$wanted"
