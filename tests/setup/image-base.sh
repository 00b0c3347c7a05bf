#!/bin/sh
# usage: image-base.sh STORE PYTHON
#
# Makes, in the buildah store below STORE, a stand-in for python:3.11-slim-bookworm out of Debian and the PYTHON that runs the
# tests: for machines that reach no image registry. Does nothing when it is there. For root.
set -eu

store=$1
python=$2
tag=docker.io/library/python:3.11-slim-bookworm
buildah() { command buildah --root "$store/root" --runroot "$store/run" --storage-driver vfs "$@"; }

mkdir -p "$store"
if buildah images -q "$tag" >/dev/null 2>&1; then
    exit 0
fi
root=$store/rootfs
libraries=ca-certificates,libssl3,libsqlite3-0,libffi8,libbz2-1.0,liblzma5,libreadline8,libuuid1,libncursesw6,zlib1g,libexpat1
[ -d "$root/usr" ] || debootstrap --variant=minbase --include="$libraries" bookworm "$root" >"$store/debootstrap.log" 2>&1
prefix=$("$python" -c 'import sys; print(sys.base_prefix)')
mkdir -p "$root/usr/local/bin" "$root/usr/local/lib"
cp -a "$prefix"/bin/python3* "$root/usr/local/bin/"
cp -a "$prefix"/lib/libpython* "$root/usr/local/lib/" 2>/dev/null || true
cp -a "$prefix/lib/python3.11" "$root/usr/local/lib/"
rm -rf "$root/usr/local/lib/python3.11/test" "$root/usr/local/lib/python3.11/site-packages"
mkdir "$root/usr/local/lib/python3.11/site-packages"
chroot "$root" ldconfig
chroot "$root" /usr/local/bin/python3.11 -m ensurepip >/dev/null 2>&1
ln -sf python3.11 "$root/usr/local/bin/python"
container=$(buildah from scratch)
buildah add -q "$container" "$root" / >/dev/null
buildah commit -q --rm "$container" "$tag" >/dev/null
rm -rf "$root"
