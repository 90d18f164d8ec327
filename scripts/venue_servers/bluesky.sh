#!/usr/bin/env bash
# Brings a Bluesky network into build/bluesky: Node.js, Redis and a PostgreSQL with its extensions from the distribution (as root), the rest from npm.
set -euo pipefail
from=scripts/venue_servers/bluesky there=build/bluesky
missing=()
command -v npm >/dev/null || missing+=(nodejs npm libnode-dev)
command -v redis-server >/dev/null || missing+=(redis-server)
compgen -G '/usr/share/postgresql/*/extension/pg_trgm.control' >/dev/null || missing+=(postgresql)
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
  else
    echo "Not installed: ${missing[*]}. The proofs on Bluesky will be skipped."; exit 0
  fi
fi
if [ "$there/.ready" -nt "$from/package-lock.json" ]; then exit 0; fi
echo "Installing the Bluesky network into $there (a few minutes: one module is compiled) ..."
mkdir -p "$there"
cp "$from/package.json" "$from/package-lock.json" "$there/"
# The module that is compiled finds Node's headers where Node itself lies, instead of downloading them.
prefix=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
if [ -e "$prefix/include/node/node.h" ]; then export npm_config_nodedir=$prefix; fi
(cd "$there" && npm ci --no-progress --no-audit --no-fund)
touch "$there/.ready"
