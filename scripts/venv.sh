#!/bin/sh
# Makes the project's own virtual environment, with no more than Python 3.11 (or later) at hand.
#   scripts/venv.sh VENV EXTRAS     EXTRAS: "" or "[dev]"; with which Python says PYTHON, when it is set
# A second call does nothing while pyproject.toml is as it was, and the Python that it was made with is still there.
set -eu

venv=$1
extras=$2
stamp="$venv/.ready$extras"
here=$(cd "$(dirname "$0")/.." && pwd)

fits() { "$1" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
build_of() { "$1" -c 'import sys; print(sys.version)'; }
number_of() { "$1" -c 'import platform; print(platform.python_version())'; }

# A system that has moved on to another Python takes away the one that an environment leads to, or what it had installed.
works() { "$venv/bin/python" -c 'import pip' 2>/dev/null; }

find_python() {
    for candidate in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11 python; do
        if fits "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    echo "syncagent needs Python 3.11 or later; set PYTHON=/path/to/python3 if it is not on the PATH" >&2
    exit 1
}

# Who says which one gets that one, or is told why not: tests that have run with another would prove nothing.
if [ -n "${PYTHON:-}" ]; then
    fits "$PYTHON" || {
        echo "PYTHON=$PYTHON is no Python 3.11 or later that can make virtual environments" >&2
        exit 1
    }
    if works && [ "$(build_of "$PYTHON")" != "$(build_of "$venv/bin/python")" ]; then
        number=$(number_of "$PYTHON")
        echo "$venv has Python $(number_of "$venv/bin/python"), and PYTHON=$PYTHON is $number:" \
            "say VENV=.venv-${number%.*} for one beside it, or remove $venv" >&2
        exit 1
    fi
fi

wanted=$(cksum < "$here/pyproject.toml")
for ready in "$stamp" "$venv/.ready[dev]"; do # what has all that development needs has all that a run needs
    if [ -f "$ready" ] && [ "$(cat "$ready")" = "$wanted" ] && works; then
        exit 0
    fi
done

if ! works; then
    python=$(find_python)
    echo "Setting up $venv with $("$python" --version)"
    anew=""
    [ ! -f "$venv/pyvenv.cfg" ] || anew=--clear # nothing is cleared that is no environment
    # Debian and Ubuntu leave ensurepip out of python3, and the pip that it brings may be too old for a newer Python than
    # the system's: then pip comes from the package index.
    "$python" -c 'import ensurepip' 2>/dev/null && "$python" -m venv $anew "$venv" >/dev/null 2>&1 || {
        "$python" -m venv --without-pip $anew "$venv"
        "$venv/bin/python" "$here/scripts/fetch_pip.py"
    }
fi

"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --editable "$here$extras"
echo "$wanted" > "$stamp"
