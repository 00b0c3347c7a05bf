#!/bin/sh
# usage: apt.sh PACKAGE...
#
# Installs Debian packages without a question and without starting any daemon. For root.
set -eu

export DEBIAN_FRONTEND=noninteractive
guard=/usr/sbin/policy-rc.d
if [ ! -e "$guard" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$guard" # invoke-rc.d asks here whether a daemon may start: no
    chmod 755 "$guard"
    trap 'rm -f "$guard"' EXIT
fi
if command -v debconf-set-selections >/dev/null; then
    echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
fi
log=$(mktemp)
if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    exit 1
fi
rm -f "$log"
