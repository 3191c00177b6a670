#!/bin/sh
# Makes the keyring and the first admin token. What is there stays; a run that was cut off is taken up again.
set -eu
umask 077

[ -e "$PALISADE_KEYRING_FILE" ] || palisade keyring create "$PALISADE_KEYRING_FILE"

token="$PALISADE_HOME/admin.token"
[ ! -e "$token" ] || exit 0
# The token is shown only once, and on the last line.
[ -s "$token.shown" ] || palisade token create first-admin --bootstrap > "$token.shown"
tail -n 1 "$token.shown" > "$token.new"
mv "$token.new" "$token"
rm "$token.shown"
echo "$token made"
