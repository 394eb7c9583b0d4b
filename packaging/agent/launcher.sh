#!/bin/sh
# A young generation of 1 MiB: 25 MiB less for a process that mostly waits. One C heap for all threads: 10 MiB less.
MALLOC_ARENA_MAX=1 exec /usr/lib/threatguard/agent/bin/node --disable-warning=ExperimentalWarning --max-semi-space-size=1 \
  /usr/lib/threatguard/agent/agent/src/main.js "$@"
