#!/usr/bin/env bash
# Makes the passwords, the private certificate authority and the certificates of docker-compose.yml, each in a folder that
# only the service it is for can read. What is there stays; certificates that end within 30 days are made anew.
# Usage: make-secrets.sh FOLDER
set -euo pipefail
umask 077
cd "$1"

readonly PALISADE=10001 POSTGRES=999 GRAFANA=472
readonly CA_DAYS=3650 CERTIFICATE_DAYS=397 RENEW_SECONDS=$((30 * 24 * 3600))

main() {
  mkdir -p authority ca postgres owner grafana pdp-1 pdp-2

  password postgres/superuser-password
  password postgres/owner-password
  password postgres/server-password
  password grafana/admin-password
  database_url owner/database-url palisade_owner postgres/owner-password
  authority
  for replica in pdp-1 pdp-2; do
    database_url "$replica/database-url" palisade_server postgres/server-password
    certificate "$replica"
  done

  give "$POSTGRES" postgres
  give "$GRAFANA" grafana
  give "$PALISADE" owner pdp-1 pdp-2
  # Everybody may read the authority's certificate; its key stays in a folder that no other service mounts.
  chmod 0755 ca
  chmod 0444 ca/ca.pem
}

# Hexadecimal digits need no escaping, neither in a URL nor in SQL.
password() {
  [[ -e $1 ]] || write "$1" < <(openssl rand -hex 24)
}

database_url() {
  [[ -e $1 ]] || write "$1" <<< "postgres://$2:$(< "$3")@postgres:5432/palisade"
}

authority() {
  [[ -e authority/ca.key ]] || openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 | write authority/ca.key
  [[ -e ca/ca.pem ]] || openssl req -x509 -new -key authority/ca.key -days "$CA_DAYS" -subj '/CN=Palisade private authority' \
    -addext 'basicConstraints=critical,CA:TRUE,pathlen:0' -addext 'keyUsage=critical,keyCertSign' | write ca/ca.pem
}

certificate() {
  local name=$1
  if [[ -e $name/tls.pem ]] && openssl x509 -in "$name/tls.pem" -noout -checkend "$RENEW_SECONDS" > /dev/null; then
    return
  fi
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 | write "$name/tls.key"
  openssl req -new -key "$name/tls.key" -subj "/CN=$name" |
    openssl x509 -req -CA ca/ca.pem -CAkey authority/ca.key -days "$CERTIFICATE_DAYS" -extfile <(extensions "$name") |
    write "$name/tls.pem"
  echo "$name/tls.pem made: $(openssl x509 -in "$name/tls.pem" -noout -enddate)"
}

extensions() {
  echo 'basicConstraints=critical,CA:FALSE'
  echo 'keyUsage=critical,digitalSignature'
  echo 'extendedKeyUsage=serverAuth'
  echo "subjectAltName=DNS:$1,DNS:localhost,IP:127.0.0.1"
}

# Whole or not at all: a run that is cut off leaves no half file that the next one takes for good.
write() {
  cat > "$1.new"
  [[ -s $1.new ]]
  mv "$1.new" "$1"
}

give() {
  [[ $(id -u) == 0 ]] || return 0
  local owner=$1
  shift
  chown -R "$owner:$owner" "$@"
}

main
