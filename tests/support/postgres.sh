#!/usr/bin/env bash
# A private PostgreSQL for the tests: its own folder, a free port, TLS, passwords by SCRAM. Arguments
# go to the server, such as `-c ssl=off`. With `--standby-of=CONNECTION` before them it is a hot
# standby of another server, and so has its roles. The password is PGPASSWORD, or a new one.
#
# Runs in the foreground. When the server answers it prints one line,
#
#   READY host=… port=… socket=… user=… password=… rootcert=… log=…
#
# (socket: the folder of the Unix socket; rootcert: the authority that signed the certificate of
# `localhost`), and it stops the server and removes the folder when its standard input ends or when
# it is told to end itself. So no server outlives the tests, however they ended.
set -euo pipefail

bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
if [[ ! -x $bin/postgres ]]; then
  echo "postgres.sh: no PostgreSQL server here; install it: sudo apt-get install postgresql" >&2
  exit 1
fi

folder=$(mktemp -d "${TMPDIR:-/tmp}/rowcell-postgres.XXXXXX")
user=rowcell_test
password=${PGPASSWORD:-$(openssl rand -hex 16)}
server=
primary=
if [[ ${1-} = --standby-of=* ]]; then
  primary=${1#*=}
  shift
fi
settings=("$@")

main() {
  trap finish EXIT
  trap 'exit 0' INT TERM HUP
  exec 3<&0 # what runs in the background is given no standard input unless it is told

  certify
  printf '%s' "$password" >"$folder/password"
  if [[ $(id -u) = 0 ]]; then chown -R "$(owner)" "$folder"; fi
  (fill) >"$folder/initdb.log" 2>&1 || fail "$folder/initdb.log"
  start

  echo "READY host=localhost port=$port socket=$folder user=$user password=$password" \
    "rootcert=$folder/authority.crt log=$folder/log"
  cat <&3 >/dev/null &
  wait -n "$server" $! || fail "$folder/log"
}

# Makes the data: new, or as another server has them.
fill() {
  if [[ -n $primary ]]; then
    as_owner "$bin/pg_basebackup" --dbname="$primary" --pgdata="$folder/data" \
      --write-recovery-conf --checkpoint=fast --no-sync
  else
    as_owner "$bin/initdb" --pgdata="$folder/data" --username="$user" --no-sync \
      --pwfile="$folder/password" --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8
  fi
}

# An authority of our own, and a certificate of it for localhost.
certify() {
  local key=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
  {
    openssl req -x509 "${key[@]}" -days 2 -subj '/CN=Rowcell test authority' \
      -keyout "$folder/authority.key" -out "$folder/authority.crt"
    openssl req "${key[@]}" -subj /CN=localhost \
      -keyout "$folder/server.key" -out "$folder/server.csr"
    openssl x509 -req -days 2 -in "$folder/server.csr" -out "$folder/server.crt" \
      -CA "$folder/authority.crt" -CAkey "$folder/authority.key" -CAcreateserial \
      -extfile <(echo 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:0:0:0:0:0:0:0:1')
  } 2>"$folder/openssl.log" || fail "$folder/openssl.log"
  chmod 600 "$folder"/*.key
}

# Starts the server on a port that is free: PostgreSQL cannot choose one itself, so try.
start() {
  for _ in 1 2 3 4 5; do
    port=$((20000 + RANDOM % 12000))
    as_owner "$bin/postgres" -D "$folder/data" -p "$port" -c listen_addresses=localhost \
      -c unix_socket_directories="$folder" -c fsync=off -c ssl=on \
      -c ssl_cert_file="$folder/server.crt" -c ssl_key_file="$folder/server.key" \
      -c ssl_ca_file="$folder/authority.crt" "${settings[@]}" \
      >"$folder/log" 2>&1 &
    server=$!
    while kill -0 "$server" 2>/dev/null; do
      "$bin/pg_isready" -q -h "$folder" -p "$port" && return
      sleep 0.05
    done
  done
  fail "$folder/log"
}

# Becomes the given program, as a user that PostgreSQL accepts (root is none), and one that goes
# when this script is killed.
as_owner() {
  if [[ $(id -u) = 0 ]]; then
    set -- --reuid="$(owner)" --regid="$(id -g "$(owner)")" --clear-groups "$@"
  fi
  exec setpriv --pdeathsig INT "$@"
}

owner() {
  if id postgres >/dev/null 2>&1; then echo postgres; else echo nobody; fi
}

fail() {
  cat "$1" >&2
  exit 1
}

finish() {
  if [[ -n $server ]]; then
    kill -INT "$server" 2>/dev/null || true # a fast shutdown: open sessions are ended
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$folder"
}

main
