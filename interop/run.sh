#!/usr/bin/env bash
# Reads what weir writes with readers that are not ours; README.md says more.
# What is fetched from PyPI and Maven Central is kept in $WEIR_INTEROP_CACHE.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${WEIR_INTEROP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/weir-interop}
jars=$cache/jars
mkdir -p "$jars"
work=$(mktemp -d "${TMPDIR:-/tmp}/weir-interop.XXXXXX")
trap '[ -n "${KEEP:-}" ] || rm -rf "$work"' EXIT

venv=$cache/venv
stamp=$(sha256sum "$here/requirements.txt" | cut -c1-16)
if [ "$(cat "$venv/stamp" 2>/dev/null)" != "$stamp" ]; then
	echo "interop: installing the readers into $venv (once)" >&2
	rm -rf "$venv"
	python3 -m venv "$venv"
	# pyspark comes as source only, of which nothing is compiled.
	"$venv/bin/pip" install -q --disable-pip-version-check -r "$here/requirements.txt" >&2
	echo "$stamp" >"$venv/stamp"
fi

# fetch PATH SHA256: a file of Maven Central, checked against what is written here.
fetch() {
	local to
	to=$jars/$(basename "$1")
	if ! echo "$2  $to" | sha256sum -c --status 2>/dev/null; then
		echo "interop: fetching $(basename "$1")" >&2
		curl -sSf --retry 3 -m 600 -o "$to.part" "https://repo.maven.apache.org/maven2/$1" || return 1
		echo "$2  $to.part" | sha256sum -c --status || { echo "interop: $1 is not what it was" >&2; return 1; }
		mv "$to.part" "$to"
	fi
}
spark=yes
iceberg=iceberg-spark-runtime-3.5_2.12
fetch org/apache/iceberg/$iceberg/1.10.1/$iceberg-1.10.1.jar \
	39ea09e6c03550a300b9d9ab498949836d2d434e441da4c12a943a086e396940 || spark=
fetch org/xerial/sqlite-jdbc/3.51.3.0/sqlite-jdbc-3.51.3.0.jar \
	3684ac5e9bd893cbe68eb0ac1708343f66be829b1d2b5ab317e783d05acd5aef || spark=
command -v java >/dev/null 2>&1 || spark=

(cd "$here/.." && ${GO:-go} build -o "$work/weir" ./cmd/weir)
export WEIR=$work/weir WORK=$work DATA=$here/../examples/data TZ=UTC
export JARS=${spark:+$jars/$iceberg-1.10.1.jar,$jars/sqlite-jdbc-3.51.3.0.jar}
export PYTHONDONTWRITEBYTECODE=1 SPARK_LOCAL_IP=127.0.0.1
[ -n "$spark" ] || echo "interop: SPARK IS SKIPPED: it needs Java 17 and two files of Maven Central" >&2
timeout -k 20 "${INTEROP_TIMEOUT:-900}" "$venv/bin/python" "$here/scenario.py" 2>"$work/log" || {
	status=$?
	[ $status = 1 ] || tail -40 "$work/log" >&2
	exit $status
}
