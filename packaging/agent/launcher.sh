#!/bin/sh
# A young generation of 1 MiB: 25 MiB less for a process that mostly waits.
exec /usr/lib/threatguard/agent/bin/node --disable-warning=ExperimentalWarning --max-semi-space-size=1 \
  /usr/lib/threatguard/agent/agent/src/main.js "$@"
