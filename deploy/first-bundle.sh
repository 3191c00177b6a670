#!/bin/sh
# Deploys a bundle to the store `default` where none is deployed yet: without one no replica is ready.
# Usage: first-bundle.sh FOLDER
set -eu

tries=60
until palisade healthcheck --live; do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || exit 1
  sleep 1
done
! palisade healthcheck || exit 0

digest=$(palisade bundle push "$1" --json | node -p 'JSON.parse(require("node:fs").readFileSync(0, "utf8")).digest')
palisade deploy activate default "$digest" --expected-sequence 0 --reason 'first bundle'
