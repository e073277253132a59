#!/usr/bin/env bash
# Runs vet and the tests of both modules, and ends with one line of JSON.
set -uo pipefail
cd "$(dirname "$0")/.."
begun=$SECONDS
log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0
run() {
	"$@" 2>&1 | tee -a "$log" | grep -v 'no test files'
	[ "${PIPESTATUS[0]}" = 0 ] || failed=1
}
run go vet ./...
run go test -race -shuffle=on ./...
cd bench
run go vet ./...
run go test ./...
printf '{"suite":"test","packages":%d,"failed":%d,"seconds":%d}\n' \
	"$(grep -cE '^(ok|FAIL)\s+github' "$log")" "$(grep -cE '^FAIL\s+github' "$log")" $((SECONDS - begun))
exit $failed
