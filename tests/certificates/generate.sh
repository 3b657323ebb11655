#!/bin/sh
# Makes the certificates that the tests use, valid for a hundred years: an authority, whose key is thrown
# away, and four certificates for loopback. Nobody trusts them but a test.
set -eu
cd "$(dirname "$0")"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 -subj "/CN=Follow The Goat tests" \
  -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign" \
  -keyout "$folder/authority.key" -out authority.pem
for name in first second third stranger; do
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 -subj "/CN=$name" \
    -CA authority.pem -CAkey "$folder/authority.key" \
    -addext "basicConstraints=critical,CA:FALSE" -addext "subjectAltName=IP:127.0.0.1,DNS:localhost" \
    -keyout "$name.key" -out "$name.pem"
done
