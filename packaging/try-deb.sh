#!/bin/sh
# Installs a package here, lets a hub and two agents keep a folder, and removes it: nothing of the system may be left, and
# all that belongs to the person must be. For a clean root or container, as root:  packaging/try-deb.sh syncagent_….deb
set -eu

package=$1
person=tester
say() { echo "--- $*"; }
as() { su -l "$person" -c "$*"; }
must() { eval "$1" || { echo "FAILED: $1" >&2; exit 1; }; }

before=$(mktemp)
after=$(mktemp)
listing() { find /usr /etc /opt /var/lib /srv -xdev \( -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/lib/systemd \) -prune -o -print | sort; }

id "$person" >/dev/null 2>&1 || useradd --create-home --shell /bin/sh "$person"
listing > "$before"

say "install"
dpkg -i "$package"
must 'as syncagent --version'
must 'test -f /usr/lib/systemd/user/syncagent.service'
must 'test -f /usr/share/icons/hicolor/48x48/apps/syncagent.png'
must 'test -f /usr/lib/syncagent/_internal/syncagent/desktop/icons/hicolor/22x22/status/syncagent-idle.png'
must 'test -s /usr/share/bash-completion/completions/syncagent'
must 'as "bash -c \"source /usr/share/bash-completion/completions/syncagent && complete -p syncagent\""'
must 'test -s /usr/share/man/man1/syncagent-config.1.gz'
must 'as "syncagent tray" 2>&1 | grep -q "there is no session bus"'

say "a hub and two agents keep a folder"
as 'syncagent up ~/one --data-dir ~/.one --listen 127.0.0.1:18765 --background' > /tmp/said
link=$(sed -n "s/.*join '\([^']*\)'.*/\1/p" /tmp/said)
must 'test -n "$link"'
as "syncagent join '$link' ~/two --data-dir ~/.two --name Second --background"
as 'echo hello > ~/one/greeting; mkdir ~/one/deep; echo more > ~/one/deep/file'
as 'syncagent wait --timeout 60 --data-dir ~/.one && syncagent wait --timeout 60 --data-dir ~/.two'
must 'as "diff -r -x .syncagent ~/one ~/two"'
as 'echo back > ~/two/answer; syncagent wait --timeout 60 --data-dir ~/.two && syncagent wait --timeout 60 --data-dir ~/.one'
must 'test "$(as "cat ~/one/answer")" = back'
must 'as "syncagent status --json --data-dir ~/.two" | grep -q "\"in_sync\": true"'
must 'as "syncagent doctor --data-dir ~/.one" | grep -q "^ok.*versions"'

say "an upgrade, under agents that go on"
dpkg -i "$package"
as 'echo later > ~/one/later; syncagent wait --timeout 60 --data-dir ~/.one && syncagent wait --timeout 60 --data-dir ~/.two'
must 'test "$(as "cat ~/two/later")" = later'

say "start at login"
must '! as "syncagent autostart status --data-dir ~/.one" > /dev/null'
if [ ! -d /run/systemd/system ]; then
    as 'syncagent autostart on --data-dir ~/.one'
    must 'as "grep -qx \"TryExec=/usr/bin/syncagent\" ~/.config/autostart/syncagent-*.desktop"'
    must 'as "syncagent autostart status --data-dir ~/.one"'
    as 'syncagent autostart off --data-dir ~/.one'
fi

say "remove"
as 'syncagent stop --data-dir ~/.one; syncagent stop --data-dir ~/.two'
dpkg -r syncagent
must '! test -e /usr/bin/syncagent'
dpkg -P syncagent
must '! dpkg -s syncagent > /dev/null 2>&1'
listing > "$after"
must 'diff "$before" "$after"'
must 'test "$(as "cat ~/two/greeting")" = hello'
must 'as "test -s ~/.one/config.toml -a -s ~/.one/key"'
say "all of it is as it should be"
