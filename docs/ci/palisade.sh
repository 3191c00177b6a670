#!/usr/bin/env bash
# What CI runs on a bundle; docs/guide-pipeline.md says why. Ends with the first command that fails.
#
#   palisade.sh check policies/my-agent            each change; needs no server
#   palisade.sh replay policies/my-agent default   each change: which past decisions of the store it would flip
#   palisade.sh push policies/my-agent             what is merged; it decides nothing until somebody deploys it
#
# The last two need PALISADE_ADMIN_URL and PALISADE_TOKEN.
set -euo pipefail

check() {
  palisade bundle fmt --check "$1"
  palisade bundle check --deny-warnings "$1"
  palisade bundle test "$1" --min-coverage 90 --junit palisade.xml
}

replay() {
  # Nothing that was allowed in the last week may stop working.
  palisade replay --store "$2" --bundle "$1" --since 7d --fail-on 'allow-to-deny>0' --fail-on 'to-error>0'
}

push() {
  palisade bundle push "$1"
}

case "$#-${1:-}" in
  2-check | 3-replay | 2-push) "$@" ;;
  *)
    echo "usage: $0 check DIR | replay DIR STORE | push DIR" >&2
    exit 2
    ;;
esac
