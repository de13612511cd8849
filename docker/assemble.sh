#!/bin/sh
# Makes the folder /opt/flover of the image: a trimmed Java runtime, the jars, the small model, and a cache for quick
# starts.
#
# usage: assemble.sh FOLDER
#
# Takes the jars that `mvnw package` left in app and embedded/broker. Needs a JDK 25 with jlink: FLOVER_JAVA_HOME,
# JAVA_HOME, or /opt/java/openjdk. Run it with the folder's path in the image.
set -eu

fail() {
    echo "assemble: $*" >&2
    exit 1
}

[ $# = 1 ] || fail "expected one argument, the folder to make"
here=$(cd "$(dirname "$0")" && pwd)
home=$(dirname "$here")
jdk=${FLOVER_JAVA_HOME:-${JAVA_HOME:-/opt/java/openjdk}}
grep -qs '^JAVA_VERSION="25' "$jdk/release" || fail "expected a JDK 25 at $jdk; set JAVA_HOME"
app=$home/app/target
broker=$home/embedded/broker/target
for jar in "$app/flover-app.jar" "$broker/flover-broker.jar"; do
    [ -f "$jar" ] || fail "expected $jar; run ./mvnw -DskipTests -pl app,embedded/broker -am package first"
done

mkdir -p "$1"
folder=$(cd "$1" && pwd)
rm -rf "${folder:?}"/*
mkdir "$folder/lib" "$folder/models"
cp "$app"/lib/*.jar "$folder/lib/"
cp "$app/flover-app.jar" "$folder/"
tr '\n' ' ' <"$app/jvm.options" >"$folder/jvm.options"
cp "$home"/models/*.gguf "$folder/models/"
cp "$home/LICENSE" "$home/NOTICE" "$home/THIRD-PARTY.md" "$here/entrypoint.sh" "$here/healthcheck.sh" "$folder/"
"$jdk/bin/java" "$home/bundle/StoreJars.java" "$folder/lib"

# The same modules as in the archive for machines without Java.
modules=$(sh -c "$(grep '_MODULES=' "$home/bundle/bundle.sh"); echo \$PIPELINE_MODULES")
"$jdk/bin/jlink" --add-modules "$modules" --strip-debug --no-header-files --no-man-pages --compress zip-0 \
    --output "$folder/runtime" 2>"$folder/jlink.log" || { cat "$folder/jlink.log" >&2; exit 1; }
rm "$folder/jlink.log"

# The cache is valid only for jars with the times that they have now. Copies into an image keep whole seconds.
find "$folder" -exec touch -h -d @1700000000 {} +

# A run of the whole pipeline, with a broker and a registry, whose classes and profiles go into the cache (JEP 483, 514).
data=$(mktemp -d)
log=$data/up.log
: >"$log"
mkdir "$data/broker"
cp "$broker/flover-broker.jar" "$broker"/lib/*.jar "$data/broker/"
# It is optional and needs java.desktop, which the runtime lacks.
rm "$data"/broker/log4j-core-*.jar
# shellcheck disable=SC2046   # the file has several options
"$folder/runtime/bin/java" $(cat "$folder/jvm.options") "-XX:AOTCacheOutput=$folder/flover.aot" -Xlog:disable \
    -Dflover.home="$folder" -Dflover.broker.classpath="$data/broker/*" -jar "$folder/flover-app.jar" \
    up --embedded --data "$data/up" --broker-port 0 --registry-port 0 --metrics-port 0 --http 127.0.0.1:0 \
    --application-id assemble >"$log" 2>&1 </dev/null &
up=$!
trap 'kill "$up" 2>/dev/null || true; rm -rf "$data"' EXIT
for _ in $(seq 1 240); do
    ! grep -q '^ready' "$log" || break
    kill -0 "$up" 2>/dev/null || { cat "$log" >&2; fail "the pipeline ended before it was ready"; }
    sleep 0.5
done
grep -q '^ready' "$log" || { cat "$log" >&2; fail "the pipeline was not ready within two minutes"; }
"$folder/entrypoint.sh" submit --pipeline assemble --max-tokens 40 "The old house" >"$data/answer" 2>&1 \
    || { cat "$data/answer" >&2; fail "the pipeline gave no answer"; }
kill "$up"
wait "$up" || [ $? = 143 ] || { cat "$log" >&2; fail "the pipeline did not stop cleanly"; }
[ -s "$folder/flover.aot" ] || { cat "$log" >&2; fail "Java wrote no cache"; }
chmod 0644 "$folder/flover.aot"
touch -d @1700000000 "$folder/flover.aot"
