#!/bin/sh
# Packs Flover for machines without Java and network: a trimmed Java runtime, the jars, the kernels, a start script.
#
# usage: bundle.sh OUTPUT_DIRECTORY
#
# Takes the jars that `package` left in the modules. Needs a JDK 25 with jlink (FLOVER_JAVA_HOME, JAVA_HOME or
# /usr/lib/jvm), tar and xz. Writes two archives and prints their sizes:
#
#   flover-engine-linux-x86_64.tar.xz   the engine alone: no Kafka
#   flover-linux-x86_64.tar.xz          the whole pipeline, with a broker and a registry of its own
#
# Leaves native libraries out of the jars that this program can never call on this platform.
set -eu

mkdir -p "$1"
output=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
home=$(dirname "$here")
target=$home/app/target
broker=$home/embedded/broker/target
benchmarks=$home/benchmarks/target
platform=linux-x86_64
work=$output/work

fail() {
    echo "bundle: $*" >&2
    exit 1
}

jdk=
for candidate in "${FLOVER_JAVA_HOME:-}" "${JAVA_HOME:-}" /usr/lib/jvm/*; do
    if [ -x "$candidate/bin/jlink" ] && grep -qs '^JAVA_VERSION="25' "$candidate/release"; then
        jdk=$candidate
        break
    fi
done
[ -n "$jdk" ] || fail "expected a JDK 25 with jlink in FLOVER_JAVA_HOME, JAVA_HOME or /usr/lib/jvm, found none"
for jar in "$target/flover-app.jar" "$broker/flover-broker.jar" "$benchmarks/flover-benchmarks.jar"; do
    [ -f "$jar" ] || fail "expected $jar; run this through ./mvnw -Pbundle package"
done

rm -rf "$work"
mkdir -p "$work"

# The modules that jdeps found, and those that are only looked up at run time: management beans, the HTTP server, TLS
# and SASL to a broker. Jackson and log4j can do without java.desktop and java.sql.
ENGINE_MODULES=java.base,java.logging,java.management,jdk.management,jdk.incubator.vector,jdk.unsupported,jdk.zipfs
PIPELINE_MODULES=$ENGINE_MODULES,java.naming,java.net.http,java.rmi,java.security.jgss,java.security.sasl
PIPELINE_MODULES=$PIPELINE_MODULES,java.xml,jdk.crypto.ec,jdk.httpserver,jdk.security.jgss

runtime() {
    "$jdk/bin/jlink" --add-modules "$1" --strip-debug --no-header-files --no-man-pages --compress zip-0 --output "$2" \
        2>"$work/jlink.log" || { cat "$work/jlink.log" >&2; exit 1; }
}

# Adds the start script, the model and the licences to a bundle's folder.
finish() {
    folder=$1
    mkdir -p "$folder/models"
    cp "$home"/models/novelist-f16.gguf "$folder/models/"
    cp "$home/LICENSE" "$home/NOTICE" "$folder/"
    cp "$here/device-check.sh" "$folder/"
    cp -r "$here/../benchmarks/peers" "$folder/"
    tr '\n' ' ' <"$target/jvm.options" >"$folder/jvm.options"
    kernels=no
    ! ls "$home"/gpu-engine/target/classes/dev/flover/engine/backend/cpu/kernels/native/*/*.so >/dev/null 2>&1 || kernels=yes
    sed -e "s/@KERNELS@/$kernels/" "$here/flover.in" >"$folder/flover"
    chmod +x "$folder/flover" "$folder/device-check.sh"
}

# Adds the smoke test, which needs no Java, and its sources, from which device-check.sh compiles it again on a machine
# where the program does not start.
smoke() {
    compiler=$(command -v g++ || command -v clang++ || true)
    fatbin=$home/gpu-engine/target/cuda/flover.fatbin
    if [ -z "$compiler" ] || [ ! -f "$fatbin" ]; then
        echo "bundle: no C++ compiler or no CUDA kernels found: the bundle gets no smoke test for devices"
        return
    fi
    mkdir -p "$1/smoke"
    cp "$here/smoke.cpp" "$home"/gpu-engine/src/main/cuda/include/*.cuh "$home/gpu-engine/src/test/cuda/emulator.hpp" \
        "$fatbin" "$1/smoke/"
    "$compiler" -std=c++17 -O2 -w -static-libstdc++ -static-libgcc -I "$1/smoke" -o "$1/smoke/smoke" \
        "$1/smoke/smoke.cpp" -ldl
}

pack() {
    # --owner, --sort and --mtime: equal files give an equal archive
    tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@0" -cf - "$1" | xz -T0 -6 >"$output/$2"
    echo "bundle: $output/$2 $(($(wc -c <"$output/$2") / 1000000)) MB"
}

engine() {
    folder=$work/flover-engine
    mkdir -p "$folder/lib"
    # generate reads its requests into records of the schemas: hence avro, which needs no Kafka.
    for jar in flover-gpu-engine flover-schemas flover-topology flover-embedded avro slf4j-api slf4j-simple \
            jcuda picocli jackson-core jackson-databind jackson-annotations; do
        cp "$target"/lib/$jar-[0-9]*.jar "$folder/lib/"
    done
    cp "$target/flover-app.jar" "$benchmarks/flover-benchmarks.jar" "$benchmarks"/lib/*.jar "$folder/lib/"
    cp "$target/lib/jcuda-natives-"*"-$platform.jar" "$folder/lib/"
    "$jdk/bin/java" "$here/StoreJars.java" "$folder/lib"
    runtime "$ENGINE_MODULES" "$folder/runtime"
    finish "$folder"
    env -i "$folder/flover" generate --prompt "Once upon" --max-tokens 4 >/dev/null \
        || fail "the engine's bundle cannot generate: a library is missing in it"
    smoke "$folder"
    pack flover-engine "flover-engine-$platform.tar.xz"
    [ "$(wc -c <"$output/flover-engine-$platform.tar.xz")" -lt 40000000 ] \
        || fail "the engine's archive must be smaller than 40 MB, so that it can be copied to a device quickly"
}

pipeline() {
    folder=$work/flover
    mkdir -p "$folder/lib" "$folder/broker"
    cp "$target"/lib/*.jar "$target/flover-app.jar" "$folder/lib/"
    cp "$benchmarks/flover-benchmarks.jar" "$benchmarks"/lib/*.jar "$folder/lib/"
    # The class path of the broker's process is broker/ and lib/: only libraries that lib/ lacks go into broker/.
    for jar in "$broker/flover-broker.jar" "$broker"/lib/*.jar; do
        [ -f "$folder/lib/$(basename "$jar")" ] || cp "$jar" "$folder/broker/"
    done
    # Through log4j-core, a broker can change its log levels at run time. It is optional and needs java.desktop.
    rm "$folder"/broker/log4j-core-*.jar
    "$jdk/bin/java" "$here/StoreJars.java" "$folder/lib"
    "$jdk/bin/java" "$here/StoreJars.java" "$folder/broker"
    runtime "$PIPELINE_MODULES" "$folder/runtime"
    finish "$folder"
    pack flover "flover-$platform.tar.xz"
}

engine
pipeline
rm -rf "$work"
