#!/usr/bin/env bash
# Prints the first command among the arguments that is a Python of 3.11 or newer.
set -euo pipefail

for candidate in "$@"; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        printf '%s\n' "$candidate"
        exit 0
    fi
done

printf 'mailseal needs Python 3.11 or newer; none of these is one: %s.\n' "$*" >&2
printf 'Install it, or name it: make setup PYTHON=/path/to/python3\n' >&2
exit 1
