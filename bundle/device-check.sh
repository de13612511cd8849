#!/bin/sh
# Runs everything that needs a GPU, in stages of under ten minutes, on a machine that has nothing but this bundle and a
# driver. Each stage prints as it goes and ends with a line "STAGE name: ok" or "STAGE name: FAILED".
#
# usage: device-check.sh [STAGE...]      all stages when none is named
#
#   devices     what was found
#   selftest    every operation and whole generations, against the reference
#   sanitizer   the small self-test under compute-sanitizer (memcheck, then racecheck), where that is installed
#   models      MODELS=FOLDER: each GGUF file and model folder in it, greedy, on cuda and on the reference
#   bench       tokens a second of the bundled model, or of MODEL=FILE, by batch
#   story       the bundled model on cuda, twice: the same text
#
# OUT=FOLDER keeps the logs (default: ./device-check).
set -u

home=$(cd "$(dirname "$0")" && pwd)
flover=$home/flover
out=${OUT:-device-check}
mkdir -p "$out"
failed=0

stage() {
    name=$1
    shift
    echo "STAGE $name: begins $(date -u +%H:%M:%S)"
    if "$@" >"$out/$name.log" 2>&1; then
        tail -n 12 "$out/$name.log"
        echo "STAGE $name: ok"
    else
        tail -n 60 "$out/$name.log"
        echo "STAGE $name: FAILED"
        failed=1
    fi
}

devices() {
    nvidia-smi || true
    "$flover" devices
}

selftest() {
    "$flover" selftest --backend cuda
}

sanitizer() {
    if ! command -v compute-sanitizer >/dev/null; then
        echo "no compute-sanitizer here: skipped"
        return 0
    fi
    for tool in memcheck racecheck; do
        timeout 270 compute-sanitizer --tool "$tool" --target-processes all --error-exitcode 9 \
            "$flover" selftest --backend cuda --small || return 1
    done
}

models() {
    if [ -z "${MODELS:-}" ]; then
        echo "no MODELS folder given: skipped"
        return 0
    fi
    different=0
    echo '{"id": "a", "prompt_ids": [1, 5, 9, 12, 7], "max_tokens": 40, "temperature": 0}' >"$out/requests"
    for model in "$MODELS"/*.gguf "$MODELS"/*/config.json; do
        [ -e "$model" ] || continue
        case "$model" in */config.json) model=$(dirname "$model") ;; esac
        for backend in reference cuda; do
            "$flover" generate --model "$model" --backend $backend --requests "$out/requests" --json \
                >"$out/$backend.txt" 2>"$out/$backend.err" || cat "$out/$backend.err"
        done
        if cmp -s "$out/reference.txt" "$out/cuda.txt" && [ -s "$out/cuda.txt" ]; then
            echo "equal      $model"
        else
            echo "DIFFERENT  $model"
            different=1
        fi
    done
    return $different
}

bench() {
    timeout 580 "$flover" bench engine --backend cuda --batch 1,16,64,256 ${MODEL:+--model "$MODEL"}
}

story() {
    for run in 1 2; do
        "$flover" generate --backend cuda --prompt "The" --max-tokens 80 --temperature 0.8 --seed 7 \
            >"$out/story$run.txt" || return 1
    done
    cat "$out/story1.txt"
    cmp "$out/story1.txt" "$out/story2.txt"
}

for name in ${*:-devices selftest sanitizer models bench story}; do
    stage "$name" "$name"
done
exit $failed
