#!/bin/sh
# Runs the command line in the image. Native libraries are unpacked to /tmp, the only writable place besides /data.
#
#   FLOVER_JAVA_OPTS   further options for the JVM, such as -Xmx8g
home=$(cd "$(dirname "$0")" && pwd)

# The Vector API computes where the compiled kernels cannot. Java prints a warning about it at each start.
modules=
case " $* ${FLOVER_BACKEND:-} " in
    *cpu-java* | *" devices "* | *" selftest "*) modules="--add-modules jdk.incubator.vector" ;;
    *) grep -qw avx2 /proc/cpuinfo || modules="--add-modules jdk.incubator.vector" ;;
esac

# shellcheck disable=SC2046,SC2086   # these hold several options
exec "$home/runtime/bin/java" $(cat "$home/jvm.options") $modules "-XX:AOTCache=$home/flover.aot" -Xlog:disable \
    -Xlog:all=error:stderr -XX:MaxRAMPercentage=60 "-Dflover.home=$home" ${FLOVER_JAVA_OPTS:-} \
    -jar "$home/flover-app.jar" "$@"
