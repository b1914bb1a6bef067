#!/usr/bin/env bash
# Throw-away PostgreSQL on loopback, for tests only: start-postgres.sh start | stop
# Settings by environment (defaults): PG_DIR=$TMPDIR/pg-test  PG_PORT=54329
set -euo pipefail
BIN=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
BIN=${BIN:-$(dirname "$(command -v initdb)")}
D=${PG_DIR:-${TMPDIR:-/tmp}/pg-test}
P=${PG_PORT:-54329}
as() { if [ "$(id -u)" = 0 ]; then (cd /; setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"); else "$@"; fi; }
case ${1:-start} in
 start) mkdir -p "$D"; chmod 700 "$D"; [ "$(id -u)" = 0 ] && chown postgres:postgres "$D"
   as "$BIN/initdb" -D "$D/data" -U test --auth=trust -E UTF8 --locale=C.UTF-8 --no-sync >/dev/null
   as "$BIN/pg_ctl" -D "$D/data" -w -t 20 -l "$D/log" -o "-h 127.0.0.1 -p $P -k $D -c fsync=off -c synchronous_commit=off -c full_page_writes=off" start >/dev/null
   echo "DATABASE_URL=postgresql://test@127.0.0.1:$P/postgres" ;;
 stop) as "$BIN/pg_ctl" -D "$D/data" -m immediate -w stop >/dev/null 2>&1 || true; rm -rf "$D" ;;
esac
