#!/bin/sh
# Makes the Python that the tests run, target/python, as requirements.txt says. Does nothing when it is up to date.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
venv=$root/target/python
wanted=$here/requirements.txt
installed=$venv/installed.txt # a copy of the requirements, written last

if cmp -s "$wanted" "$installed" && "$venv/bin/python" -c '' 2>/dev/null; then
    echo "target/python is up to date"
    exit 0
fi
if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    echo "venv.sh needs python3 with its venv module (Debian and Ubuntu: apt-get install python3-venv)" >&2
    exit 1
fi
echo "making target/python with $(python3 --version)"
python3 -m venv --clear "$venv"
echo "installing e2e/python/requirements.txt"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --no-deps --requirement "$wanted"
cp "$wanted" "$installed"
echo "target/python is ready"
