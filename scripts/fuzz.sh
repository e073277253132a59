#!/usr/bin/env bash
# Runs every fuzz target for FUZZTIME each, and ends with one line of JSON.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${FUZZTIME:-10s}
targets=0
failed=0
while IFS=: read -r file name; do
	targets=$((targets + 1))
	if ! go test "./$(dirname "$file")" -run '^$' -fuzz "^$name\$" -fuzztime "$time"; then
		failed=$((failed + 1))
	fi
done < <(grep -roE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | sed 's/:func /:/')
printf '{"suite":"fuzz","targets":%d,"failed":%d,"seconds_each":"%s"}\n' "$targets" "$failed" "$time"
[ "$failed" = 0 ]
