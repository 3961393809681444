#!/bin/sh
# Builds vendor/ from the packages named here, and nothing else. What it makes is
# committed, so that building Lookback needs neither Node nor a network.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here"/build/frontend.scss "$here"/build/frontend.js "$here"/build/package.json "$here"/build/package-lock.json "$work"
cd "$work"
npm ci --ignore-scripts --no-audit --no-fund --silent
npx sass --no-source-map --no-charset --style=compressed --load-path=node_modules --load-path=. frontend.scss |
	# An image of a style that no page uses.
	sed 's|background-image:url(/assets/images/icon-document.svg);*||' >frontend.css
npx esbuild frontend.js --bundle --minify --format=esm --target=es2020 --legal-comments=none --outfile=bundle.js --log-level=warning
if grep -ioE 'transport|@font-face|crown|crest|url\(|@import' frontend.css; then
	echo "build.sh: the style sheet holds something that is not licensed to us or not ours to load" >&2
	exit 1
fi
{
	echo "/*! GOV.UK Frontend 6.6.0 and MoJ Frontend 11.1.0, MIT: see vendor/LICENSE-*.txt. Built by build.sh. */"
	cat frontend.css
} >"$here/vendor/frontend.css"
{
	echo "/*! GOV.UK Frontend 6.6.0, MIT: see vendor/LICENSE-govuk-frontend.txt. Built by build.sh. */"
	cat bundle.js
} >"$here/vendor/frontend.js"
wc -c "$here"/vendor/frontend.*
