#!/bin/sh
# Runs everything that needs a GPU, in stages of under ten minutes, on a machine that has nothing but this bundle and a
# driver: neither Java nor network. Each stage prints as it goes and ends with a line "STAGE name: ok", "skipped" or
# "FAILED". Where no device can be used it says why, and stops.
#
# usage: device-check.sh [STAGE...]      all stages, in this order, when none is named
#
#   devices     what was found
#   selftest    every operation and whole generations, against the reference
#   memcheck    the small self-test under compute-sanitizer, where that is installed
#   racecheck   the same
#   models      MODELS=FOLDER: each GGUF file and model folder in it, greedy, on the device and on the reference
#   story       the bundled model, twice: the same text
#   bench-1b    a step by batch, its floors, each operation, idle and host time: Llama 3.2 1B's shape in BF16
#   bench-8b    the same of Llama 3.1 8B's shape, batch 1, 16 and 64
#   bench-256   the same, batch 256
#   bench-bits  8B's shape in Q8_0 and Q4_0, batch 1 and 64
#   bench-gptj  GPT-J's shape, as in the paper: 32 requests, prompts of 8, answers of 512
#   bench-file  MODEL=FILE: that model
#   peers       what else is on the same machine: PyTorch with CUDA graphs and Hugging Face transformers, where
#               PYTHON=PROGRAM (default: python3) has them; llama.cpp, given LLAMA_BENCH=PROGRAM and LLAMA_MODEL=FILE
#   delivery    the pipeline's bundle only: processes killed at random, every answer checked
#
# OUT=FOLDER keeps the logs (default: ./device-check). BACKEND=NAME checks another backend than cuda with the same list.
# shellcheck disable=SC2317   # stages are called by their names
set -u

home=$(cd "$(dirname "$0")" && pwd)
flover=$home/flover
peers=$home/peers
[ -d "$peers" ] || peers=$home/../benchmarks/peers      # run from the sources
out=${OUT:-device-check}
backend=${BACKEND:-cuda}
limit=580
mkdir -p "$out"
failed=0

skip() {
    echo "skipped: $*"
    return 77
}

stage() {
    name=$1
    shift
    echo "STAGE $name: begins $(date -u +%H:%M:%S)"
    "$@" >"$out/$name.log" 2>&1
    case $? in
        0)
            tail -n 40 "$out/$name.log"
            echo "STAGE $name: ok"
            ;;
        77)
            tail -n 4 "$out/$name.log"
            echo "STAGE $name: skipped"
            ;;
        *)
            tail -n 60 "$out/$name.log"
            echo "STAGE $name: FAILED"
            failed=1
            ;;
    esac
}

# Whether the backend can be used here, and why not.
usable() {
    [ "$backend" = cuda ] || return 0
    "$flover" devices | grep '^cuda ' | grep -v 'does not work here'
}

devices() {
    nvidia-smi || true
    "$flover" devices
}

selftest() {
    timeout "$limit" "$flover" selftest --backend "$backend"
}

sanitizer() {
    command -v compute-sanitizer >/dev/null || skip "there is no compute-sanitizer here" || return
    timeout "$limit" compute-sanitizer --tool "$1" --target-processes all --error-exitcode 9 \
        "$flover" selftest --backend "$backend" --small
}

models() {
    [ -n "${MODELS:-}" ] || skip "no MODELS folder is given" || return
    different=0
    echo '{"id": "a", "prompt_ids": [1, 5, 9, 12, 7], "max_tokens": 40, "temperature": 0}' >"$out/requests"
    for model in "$MODELS"/*.gguf "$MODELS"/*/config.json; do
        [ -e "$model" ] || continue
        case "$model" in */config.json) model=$(dirname "$model") ;; esac
        for side in reference "$backend"; do
            "$flover" generate --model "$model" --backend "$side" --requests "$out/requests" --json \
                >"$out/$side.txt" 2>"$out/$side.err" || cat "$out/$side.err"
        done
        if cmp -s "$out/reference.txt" "$out/$backend.txt" && [ -s "$out/$backend.txt" ]; then
            echo "equal      $model"
        else
            echo "DIFFERENT  $model"
            different=1
        fi
    done
    return "$different"
}

story() {
    for run in 1 2; do
        "$flover" generate --backend "$backend" --prompt "The" --max-tokens 80 --temperature 0.8 --seed 7 \
            >"$out/story$run.txt" || return 1
    done
    cat "$out/story1.txt"
    cmp "$out/story1.txt" "$out/story2.txt"
}

bench() {
    timeout "$limit" "$flover" bench engine --backend "$backend" "$@"
}

# The context is 1024 in the middle of the answer.
bench_context() {
    bench --prompt-tokens 960 --gen-tokens 128 "$@"
}

bench_bits() {
    for type in Q8_0 Q4_0; do
        bench_context --shape llama-8b --weights "$type" --batch 1,64 --repeat 1 || return 1
    done
}

bench_file() {
    [ -n "${MODEL:-}" ] || skip "no MODEL file is given" || return
    bench --model "$MODEL" --batch 1,16,64,256
}

# Runs a peer's measurement, or says what is missing for it.
peer() {
    script=$1
    shift
    command -v "${PYTHON:-python3}" >/dev/null || skip "there is no ${PYTHON:-python3} to run $script" || return
    timeout $((limit / 3)) "${PYTHON:-python3}" -B "$peers/$script" \
        --prompt-tokens 960 --gen-tokens 128 --batch 1,16,64 "$@"
}

llama_bench() {
    [ -n "${LLAMA_BENCH:-}" ] && [ -n "${LLAMA_MODEL:-}" ] || skip "no LLAMA_BENCH and LLAMA_MODEL are given" || return
    timeout $((limit / 3)) "$LLAMA_BENCH" -m "$LLAMA_MODEL" -p 512 -n 128 -ngl 99
}

# Skipped only where no peer is there.
peers() {
    result=77
    for measurement in "peer torch_graphs.py --shape llama-8b" "peer transformers_generate.py --shape llama-8b" \
        llama_bench; do
        # shellcheck disable=SC2086   # the options of a measurement
        $measurement
        status=$?
        case $status in
            77) ;;
            0) [ "$result" -ne 77 ] || result=0 ;;
            *) result=$status ;;
        esac
    done
    [ "$result" -ne 77 ] || skip "no peer is installed here; the lines above say what each needs"
    return "$result"
}

delivery() {
    "$flover" --help | grep -q verify-delivery || skip "this is the engine's bundle, without the pipeline" || return
    timeout "$limit" "$flover" verify-delivery --backend "$backend"
}

run() {
    case $1 in
        devices | selftest | models | story | peers | delivery) stage "$1" "$1" ;;
        memcheck | racecheck) stage "$1" sanitizer "$1" ;;
        bench-1b) stage "$1" bench_context --shape llama-1b --weights BF16 --batch 1,16,64,256 --repeat 1 ;;
        bench-8b) stage "$1" bench_context --shape llama-8b --weights BF16 --batch 1,16,64 --repeat 1 ;;
        bench-256) stage "$1" bench_context --shape llama-8b --weights BF16 --batch 256 --repeat 1 ;;
        bench-bits) stage "$1" bench_bits ;;
        bench-gptj) stage "$1" bench --shape gpt-j-6b --weights F16 --prompt-tokens 8 --gen-tokens 512 \
            --batch 1,32 --repeat 1 ;;
        bench-file) stage "$1" bench_file ;;
        *)
            echo "device-check: there is no stage $1; they are in the head of $0" >&2
            exit 2
            ;;
    esac
}

[ $# -gt 0 ] || set -- devices selftest memcheck racecheck models story bench-1b bench-8b bench-256 bench-bits \
    bench-gptj bench-file peers delivery
for name in "$@"; do
    run "$name"
    if [ "$name" = devices ] && ! usable >/dev/null; then
        echo "device-check: $("$flover" devices | grep '^cuda ')"
        echo "device-check: no device can be used here, so the stages that need one were not run"
        exit 3
    fi
done
exit "$failed"
