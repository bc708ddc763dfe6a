#!/bin/sh
# Gets the peers of the benchmarks from Debian, the newest that it has, and installs nothing: they are unpacked, with the
# libraries that they need, into a folder of their own, where the benchmarks find them.  Needs apt, not root.
#   scripts/bench_peers.sh [SUITE]     SUITE: sid, unless given
set -eu

suite=${1:-sid}
home=${SYNCAGENT_BENCH_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/syncagent-benchmarks}
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
keys=/usr/share/keyrings/debian-archive-keyring.gpg

command -v apt-get >/dev/null && [ -f "$keys" ] || {
    echo "the peers come from Debian, with apt-get: install syncthing, unison, lsyncd, rsync and rclone some other way" >&2
    exit 1
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/tmp"
chmod 755 "$work"
chmod 1777 "$work/tmp"
: > "$work/status" # as if nothing was installed: so all that they need comes along, of the same suite
echo "deb [signed-by=$keys] $mirror $suite main" > "$work/sources.list"

apt() {
    TMPDIR="$work/tmp" apt-get -qq -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::State::Lists="$work/lists" -o Dir::State::status="$work/status" -o Dir::Cache="$work/cache" \
        -o APT::Sandbox::User="$(id -un)" -o Debug::NoLocking=1 "$@"
}
apt update
unison=$(apt-cache -o Dir::State::Lists="$work/lists" -o Dir::State::status="$work/status" -o Dir::Cache="$work/cache" \
    -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null search --names-only '^unison-[0-9.]+$' |
    cut -d ' ' -f 1 | sort -V | tail -n 1)
apt --download-only --no-install-recommends -y install syncthing "$unison" lsyncd rsync rclone

rm -rf "$home/root" "$home/bin"
mkdir -p "$home/root" "$home/bin"
for package in "$work"/cache/archives/*.deb; do
    dpkg -x "$package" "$home/root"
done

# With their own libraries, however old those of this system are.
loader=$(find "$home/root" -name 'ld-linux*.so.*' | head -n 1)
libraries=$(dirname "$(find "$home/root" -name 'libc.so.6' | head -n 1)")
for program in syncthing "$unison" lsyncd rsync rclone; do
    name=${program%%-*}
    {
        echo '#!/bin/sh'
        echo "exec '$loader' --argv0 '$name' --library-path '$libraries' '$home/root/usr/bin/$program' \"\$@\""
    } > "$home/bin/$name"
    chmod +x "$home/bin/$name"
    case $name in
        syncthing) "$home/bin/$name" --version | cut -d ' ' -f 1,2 ;;
        unison) "$home/bin/$name" -version ;;
        *) "$home/bin/$name" --version | head -n 1 ;;
    esac
done
echo "The benchmarks find them in $home/bin"
