#!/bin/bash
# Succeeds if the process in the container lives: /health on the metrics port for `up`, /livez on the HTTP port for `serve`.
# Uses only programs that the image contains.
set -eu
if tr '\0' '\n' </proc/1/cmdline | grep -qx serve; then
    port="${FLOVER_HTTP:-8080}"
    port="${port##*:}"
    path=/livez
else
    port="${FLOVER_METRICS_PORT:-9464}"
    path=/health
fi
exec 3<> "/dev/tcp/127.0.0.1/$port"
printf 'GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n' "$path" >&3
read -r _ status _ <&3
[ "$status" = 200 ]
