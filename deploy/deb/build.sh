#!/bin/sh
# usage: deploy/deb/build.sh [OUTPUT_DIR]
#
# Makes utpost_VERSION_ARCH.deb: Utpost and the versions of deploy/constraints.txt below /usr/lib/utpost, for Debian's own
# python3, which chooses what it needs itself. Needs pip (PIP="…/python -m pip") and dpkg-deb.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
out=${1:-$root/var}
pip=${PIP:-$root/.venv/bin/python -m pip}
debian=${DEBIAN_PYTHON:-/usr/bin/python3}

version=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' "$root/gateway/__init__.py")
python=$("$debian" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
next=$("$debian" -c 'import sys; print("%d.%d" % (sys.version_info[0], sys.version_info[1] + 1))')
arch=$(dpkg --print-architecture)
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
tree=$work/tree

mkdir -p "$tree/DEBIAN" "$tree/usr/bin" "$tree/usr/lib/systemd/system" "$tree/usr/lib/sysusers.d" \
    "$tree/usr/lib/tmpfiles.d" "$tree/usr/share/doc/utpost"
# shellcheck disable=SC2086 # a command and its words
$pip --python "$debian" install --quiet --disable-pip-version-check --root-user-action=ignore --no-compile --target "$tree/usr/lib/utpost" \
    --use-pep517 -c "$root/deploy/constraints.txt" "$root"
rm -rf "$tree/usr/lib/utpost/bin"
cat >"$tree/usr/bin/utpost" <<'PROGRAM'
#!/usr/bin/python3 -I
import sys

sys.path.insert(0, "/usr/lib/utpost")
from gateway.cli import main

sys.exit(main())
PROGRAM
chmod 755 "$tree/usr/bin/utpost"
cp "$root"/deploy/systemd/utpost.service "$root"/deploy/systemd/*.socket "$tree/usr/lib/systemd/system/"
cp "$root/deploy/systemd/sysusers.conf" "$tree/usr/lib/sysusers.d/utpost.conf"
cp "$root/deploy/systemd/tmpfiles.conf" "$tree/usr/lib/tmpfiles.d/utpost.conf"
cp "$root"/README.md "$root"/README.sv.md "$root"/CHANGELOG.md "$root"/SECURITY.md "$root/deploy/utpost.example.toml" \
    "$root/deploy/systemd/credentials.conf" "$tree/usr/share/doc/utpost/"
cp "$root/LICENSE" "$tree/usr/share/doc/utpost/copyright"
for script in postinst prerm postrm; do
    install -m 755 "$root/deploy/deb/$script" "$tree/DEBIAN/$script"
done
cat >"$tree/DEBIAN/control" <<CONTROL
Package: utpost
Version: $version
Architecture: $arch
Maintainer: Örkelljunga kommun <kommunkontor@orkelljunga.se>
Section: mail
Priority: optional
Depends: python3 (>= $python), python3 (<< $next), systemd
Recommends: tesseract-ocr, tesseract-ocr-swe
Suggests: redis-server, clamav-daemon
Installed-Size: $(du -sk "$tree/usr" | cut -f1)
Description: outgoing-mail gateway of Örkelljunga municipality
 Stands between the representatives' mail system and the municipal relay and makes
 the council's e-mail guideline work: SMTP proxy and milter.
CONTROL
find "$tree" -name __pycache__ -prune -exec rm -rf {} +
dpkg-deb --root-owner-group --build "$tree" "$out/utpost_${version}_${arch}.deb" >/dev/null
echo "$out/utpost_${version}_${arch}.deb"
