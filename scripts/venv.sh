#!/bin/sh
# Makes the project's own virtual environment, with no more than Python 3.11 (or later) at hand.
#   scripts/venv.sh VENV EXTRAS     EXTRAS: "" or "[dev]"
# A second call does nothing while pyproject.toml is as it was.
set -eu

venv=$1
extras=$2
stamp="$venv/.ready$extras"
here=$(cd "$(dirname "$0")/.." && pwd)

wanted=$(cksum < "$here/pyproject.toml")
for ready in "$stamp" "$venv/.ready[dev]"; do # what has all that development needs has all that a run needs
    if [ -f "$ready" ] && [ "$(cat "$ready")" = "$wanted" ]; then
        exit 0
    fi
done

find_python() {
    for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11 python; do
        [ -n "$candidate" ] || continue
        if "$candidate" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "syncagent needs Python 3.11 or later; set PYTHON=/path/to/python3 if it is not on the PATH" >&2
    exit 1
}

if ! "$venv/bin/python" -c 'import pip' 2>/dev/null; then
    python=$(find_python)
    echo "Setting up $venv with $("$python" --version)"
    if "$python" -c 'import ensurepip' 2>/dev/null; then
        "$python" -m venv "$venv"
    else
        # Debian and Ubuntu leave ensurepip out of python3: pip comes from the package index then.
        "$python" -m venv --without-pip "$venv"
        "$venv/bin/python" "$here/scripts/fetch_pip.py"
    fi
fi

"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --editable "$here$extras"
echo "$wanted" > "$stamp"
