#!/usr/bin/env bash
# Makes the pictures of the documentation anew: a made-up force of 120 cases in a
# register of its own, worked on a little, opened in headless Chromium.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v chromium >/dev/null || command -v google-chrome >/dev/null || { echo "This needs Chromium."; exit 1; }
go test -count=1 -run '^TestPictures$' ./internal/web -pictures "$PWD/docs/pictures"
for picture in docs/pictures/*.png; do
	size=$(stat -c %s "$picture")
	[ "$size" -lt 300000 ] || { echo "$picture has $size bytes, more than 300,000"; exit 1; }
done
