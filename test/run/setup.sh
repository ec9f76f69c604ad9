#!/usr/bin/env bash
# Installs the npm packages, Node 26 among them, and the one library that this Node needs beyond a bare Debian.
set -euo pipefail

missing() {
  echo "setup: $1" >&2
  exit 1
}

command -v npm >/dev/null || missing 'npm is missing: install Node.js with npm (20 or later)'

if [[ $(uname -s) == Linux ]] && ! /sbin/ldconfig -p | grep -q 'libatomic\.so\.1'; then
  if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
    missing 'libatomic.so.1 is missing, Node 26 needs it (Debian: apt-get install libatomic1)'
  fi
  echo "setup: installing Debian's libatomic1"
  apt-get -q -o DPkg::Lock::Timeout=300 update >/dev/null
  DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends libatomic1 >/dev/null
fi

# `npm ci` refuses a lock file without the binaries of platforms that the registry it was made with has not got.
SECONDS=0
echo 'setup: installing the npm packages'
npm install --no-save --no-audit --no-fund --engine-strict=false --loglevel=error
echo "setup: done in ${SECONDS} s"
