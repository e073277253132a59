#!/usr/bin/env bash
# Runs the pinned golangci-lint, building it first when it is not there.
set -euo pipefail
cd "$(dirname "$0")/.."
version=v2.12.2
lint=.tools/golangci-lint-$version
if [ ! -x "$lint" ]; then
	mkdir -p .tools
	GOBIN=$PWD/.tools/build go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$version
	mv .tools/build/golangci-lint "$lint"
	rmdir .tools/build
fi
"$lint" run --allow-parallel-runners ./...
(cd bench && "../$lint" run --allow-parallel-runners -c ../.golangci.yml ./...)
