#!/bin/sh
# The state directory of the service, unless another is named.
export THREATGUARD_HOME="${THREATGUARD_HOME:-/var/lib/threatguard}"
exec /usr/lib/threatguard/collector/bin/node --disable-warning=ExperimentalWarning \
  /usr/lib/threatguard/collector/collector/src/main.js "$@"
