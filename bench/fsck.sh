#!/bin/sh
# Checks a ledger export with Tessera's fsck, a checker that is not ours.
#
#   bench/fsck.sh DIR    checks the export in DIR, as `lookback ledger export` writes it
#   bench/fsck.sh        writes a sample of 70,000 events, which has three levels of
#                        tiles, checks it, then changes one byte in several places and
#                        demands that each change is refused
#
# fsck exits 0 even when it fails, and never ends where a tile is wrong: its
# success line within a time is what counts.
set -eu
cd "$(dirname "$0")/.."
version=${TESSERA_VERSION:-v1.0.4}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
GOFLAGS= GOBIN="$work" go install "github.com/transparency-dev/tessera/cmd/fsck@$version"

# fsck DIR prints what fsck says; it succeeds if the log passes.
fsck() {
	tr -d '\n' <"$1/key" >"$work/key"
	timeout "${FSCK_SECONDS:-60}" "$work/fsck" -ui=false -logtostderr -storage_url="file://$1/" -public_key="$work/key" >"$work/said" 2>&1 || true
	grep -E "Successfully fsck'd|fsck failed|Exit|Invalid" "$work/said" || true
	grep -q "Successfully fsck'd log" "$work/said"
}

if [ $# -gt 0 ]; then
	fsck "$(cd "$1" && pwd)"
	exit
fi

export LOOKBACK_SAMPLE_EXPORT="$work/export"
go test ./internal/verify -count=1 -run '^TestWriteSampleExport$'
fsck "$work/export"
for file in checkpoint tile/0/000 tile/0/273.p/112 tile/1/000 tile/1/001.p/17 tile/2/000.p/1 tile/entries/000 tile/entries/273.p/112; do
	cp "$work/export/$file" "$work/good"
	size=$(wc -c <"$work/good")
	byte=$(od -An -tu1 -j $((size / 2)) -N 1 "$work/good" | tr -d ' ')
	printf "\\$(printf %o $((byte ^ 1)))" | dd of="$work/export/$file" bs=1 seek=$((size / 2)) conv=notrunc 2>/dev/null
	if fsck "$work/export" >/dev/null; then
		echo "a changed byte in $file passed"
		exit 1
	fi
	echo "refused, as it must be: one byte changed in $file"
	cp "$work/good" "$work/export/$file"
done
fsck "$work/export"
