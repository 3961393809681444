#!/usr/bin/env bash
# The checks that a change must pass before it is committed, from quick to slow.
# "check.sh quick" leaves the tests out.
set -euo pipefail
cd "$(dirname "$0")"

say() { printf '\n== %s\n' "$*"; }

say gofmt
unformatted=$(git ls-files -z --cached --others --exclude-standard '*.go' | xargs -0 gofmt -l)
[ -z "$unformatted" ] || { echo "gofmt would change: $unformatted"; exit 1; }

say vet
go vet ./...

say staticcheck
go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...

[ "${1:-}" = quick ] && exit 0

say tests
go test ./...
