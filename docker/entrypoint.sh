#!/bin/sh
# Runs the command line in the image. Native libraries are unpacked to /tmp, the only other place that is writable.
# shellcheck disable=SC2086   # FLOVER_JAVA_OPTS holds several options
exec /opt/java/openjdk/bin/java @/opt/flover/jvm.options -XX:MaxRAMPercentage=60 -Dflover.home=/opt/flover \
    ${FLOVER_JAVA_OPTS:-} -jar /opt/flover/flover-app.jar "$@"
