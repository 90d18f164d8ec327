#!/usr/bin/env bash
# Brings Synapse into an environment of its own, build/synapse. Usage: matrix.sh PYTHON
set -euo pipefail
python=$1 there=build/synapse lock=requirements/venues-synapse.txt
if [ "$there/.ready" -nt "$lock" ]; then exit 0; fi
echo "Installing Synapse into $there ..."
"$python" -m venv "$there"
"$there/bin/python" -m pip --disable-pip-version-check --no-input -q install --require-hashes -r "$lock"
touch "$there/.ready"
