#!/bin/sh
# Rehearses the first run on a device, without a device: unpacks the engine's archive in an empty folder and runs its
# device-check.sh as on a bare machine, with a driver library that runs the kernels in the emulator.
#
# usage: rehearse.sh ARCHIVE            ./mvnw -Pbundle verify runs it
#
# The environment is empty except for PATH, which contains only the few tools that the script needs: no Java, compiler
# or Python, and no network if `unshare` is allowed to remove it. Two runs are checked, which take some minutes each:
#
#   all stages in the smallest sizes    each must have a line in the table: "ok", or skipped for an expected reason
#   stages that fail or take too long   the table must say so, and must have the results of the other stages
#
# Does nothing, and prints why, without a C++ compiler or if the bundle has no kernels.
set -eu

archive=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
here=$(cd "$(dirname "$0")" && pwd)
compiler=$(command -v g++ || command -v clang++ || true)
tools="sh date uname nproc grep tail head tee tar gzip mkdir cmp cat timeout dirname find mv rm sed"

fail() {
    echo "rehearse: $*" >&2
    [ ! -f "$folder/out/table.txt" ] || cat "$folder/out/table.txt" >&2
    exit 1
}

skip() {
    echo "rehearse: skipped: $*"
    exit 0
}

file=
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
[ -n "$compiler" ] || skip "no C++ compiler found, which the emulated driver library needs"
sh "$here/../gpu-engine/src/test/cuda/build.sh" "$compiler" "$folder/driver" || fail "the driver could not be compiled"
mkdir "$folder/tools" "$folder/empty"
for tool in $tools; do
    ln -s "$(command -v "$tool")" "$folder/tools/$tool"
done
tar -C "$folder/empty" -xf "$archive" || fail "cannot unpack $archive"
[ -d "$folder/empty/flover-engine/smoke" ] || skip "the bundle was made without CUDA kernels"
alone=
if unshare -n true 2>/dev/null; then
    alone="$(command -v unshare) -n"
fi

# day BUDGET STAGE...: runs device-check.sh; the table is in $folder/out
day() {
    budget=$1
    shift
    rm -rf "$folder/out"
    # shellcheck disable=SC2086   # a command of two words, or none
    (cd "$folder/empty/flover-engine" && env -i PATH="$folder/tools" $alone "$(command -v env)" \
        LD_LIBRARY_PATH="$folder/driver" OUT="$folder/out" BUDGET="$budget" REHEARSAL=yes ${file:+MODEL="$file"} \
        sh ./device-check.sh "$@") >"$folder/day.log" 2>&1
}

# expect STAGE PATTERN: fails unless the stage's line in the table matches
expect() {
    grep -Eq "^$1 +$2" "$folder/out/table.txt" || fail "expected of $1: $2"
}

stages="facts smoke selfsmall bench-8b story ranks bench-64 bench-1b bench-256 bench-top bench-bits bench-gptj"
# shellcheck disable=SC2086   # several stages
day 1200 $stages memcheck models peers bench-file delivery || fail "a stage failed"
for stage in $stages; do
    expect "$stage" "ok, [0-9]+ s"
done
expect memcheck "skipped: compute-sanitizer is not installed"
expect models "skipped: MODELS, a folder of model files, is not set"
expect peers "skipped: "
expect bench-file "skipped: MODEL, a model file, is not set"
expect delivery "skipped: this is the engine's bundle"
cat "$folder/out/table.txt"
tar -tzf "$folder/out/logs.tgz" | grep -q 'bench-gptj.log' || fail "logs.tgz lacks a log"

# The second run has a file that is not a model, and too little time for all stages.
mkdir "$folder/models"
echo nothing >"$folder/models/broken.gguf"
file="$folder/models/broken.gguf"
if day 40 facts bench-file selftest story; then
    fail "expected a failure"
fi
expect facts "ok, "
expect bench-file "FAILED with [0-9]+, [0-9]+ s: .*broken.gguf"
expect selftest "FAILED: timed out after [0-9]+ s"
expect story "not run: no time left"
cat "$folder/out/table.txt"
