#!/bin/bash
# Asks the metrics port whether the pipeline is well; needs no program that the image lacks.
set -eu
port="${FLOVER_METRICS_PORT:-9464}"
exec 3<> "/dev/tcp/127.0.0.1/$port"
printf 'GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
read -r _ status _ <&3
[ "$status" = 200 ]
