#!/bin/sh
# Have a Chromium and axe-core for the tests of the chat page; fail where one cannot be had.
set -eu
cd "$(dirname "$0")"

if [ ! -x "${CHROMIUM:-/usr/bin/chromium}" ] || ! command -v npm >/dev/null; then
	if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
		echo 'Installing Chromium and npm …'
		log=$(mktemp)
		{
			apt-get update -q &&
				apt-get install -q -y --no-install-recommends chromium fonts-dejavu-core fonts-noto-color-emoji npm
		} >"$log" 2>&1 || {
			tail -n 15 "$log" >&2
			exit 1
		}
		rm "$log"
	else
		echo 'The browser tests need Chromium and npm: `sudo apt-get install chromium npm`,' >&2
		echo 'or set CHROMIUM to the path of a Chromium and install Node.js.' >&2
		exit 1
	fi
fi

# npm notes what it has installed; a lock file that has not changed since needs nothing.
if ! [ package-lock.json -ot node_modules/.package-lock.json ]; then
	npm ci --silent
fi
