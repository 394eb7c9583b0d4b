#!/bin/sh
exec /usr/lib/threatguard/console/bin/node --disable-warning=ExperimentalWarning \
  /usr/lib/threatguard/console/console/src/main.js "$@"
