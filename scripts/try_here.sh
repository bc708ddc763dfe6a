#!/bin/sh
# Starts a hub and two agents on this machine, as a person would, and sees that files cross, change and go.
# Usage: scripts/try_here.sh PYTHON
set -eu

python=$1
work=$(mktemp -d)
export SYNCAGENT_API_KEY=a-key-for-this-run-alone-0123456789
listen=127.0.0.1:${PORT:-18765}

syncagent() { "$python" -P -m syncagent "$@"; }

started=""
finish() {
    for one in one two; do syncagent stop --data-dir "$work/$one" >/dev/null 2>&1 || true; done
    for pid in $started; do kill "$pid" 2>/dev/null || true; done
    for log in "$work"/*.log; do echo "--- $log"; tail -n 20 "$log"; done
}
trap finish EXIT

wait_until() { # WHAT COMMAND...
    what=$1
    shift
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 120 ] || { echo "FAILED: $what"; exit 1; }
        sleep 0.5
    done
    echo "ok: $what"
}

syncagent hub --data-dir "$work/hub" --listen "$listen" >"$work/hub.log" 2>&1 &
started="$started $!"
wait_until "the hub can be asked" syncagent hub status --data-dir "$work/hub"
for one in one two; do
    syncagent run --data-dir "$work/$one" --sync-root "$work/folder-$one" --server "ws://$listen" --name "$one" \
        >"$work/$one.log" 2>&1 &
    started="$started $!"
    wait_until "agent $one can be asked" syncagent status --data-dir "$work/$one"
done

echo first > "$work/folder-one/a file.txt"
mkdir "$work/folder-one/folder"
echo second > "$work/folder-one/folder/b.txt"
wait_until "new files cross" cmp "$work/folder-one/folder/b.txt" "$work/folder-two/folder/b.txt"
wait_until "both of them" cmp "$work/folder-one/a file.txt" "$work/folder-two/a file.txt"
echo changed >> "$work/folder-two/a file.txt"
wait_until "an edit crosses" cmp "$work/folder-one/a file.txt" "$work/folder-two/a file.txt"
mv "$work/folder-one/folder" "$work/folder-one/renamed"
wait_until "a folder is renamed" cmp "$work/folder-one/renamed/b.txt" "$work/folder-two/renamed/b.txt"
rm "$work/folder-two/a file.txt"
wait_until "a file is deleted" test ! -e "$work/folder-one/a file.txt"
wait_until "both are at rest" syncagent wait --timeout 60 --data-dir "$work/one"
syncagent status --data-dir "$work/two"
