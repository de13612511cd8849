#!/bin/bash
# Succeeds if /health on the metrics port answers 200. Uses only programs that the image contains.
set -eu
port="${FLOVER_METRICS_PORT:-9464}"
exec 3<> "/dev/tcp/127.0.0.1/$port"
printf 'GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
read -r _ status _ <&3
[ "$status" = 200 ]
