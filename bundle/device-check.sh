#!/bin/sh
# Runs the checks that need a GPU, within a number of seconds, on a machine that has only this bundle and a driver, and
# neither Java nor network. Stages run in the order of their importance. Each has a time limit of its own, and none
# begins when too little time is left. After each stage, OUT/table.txt gets a line with its result, and OUT/logs.tgz
# holds all logs so far, so that the results are kept even if the machine is taken away.
#
# usage: [BUDGET=SECONDS] device-check.sh [STAGE...]     without STAGE: all of these stages, in this order
#
#   facts       the machine, the driver, clocks, tools                                   without Java
#   smoke       products, attention, drawing, capture, uploads: checked and timed        without Java
#   selfsmall   the small self-test: every operation and whole generations
#   bench-8b    a step of Llama 3.1 8B's shape in BF16, batch 1 and 16
#   memcheck    the smoke test under compute-sanitizer, where that is installed          without Java
#   racecheck   the smoke test under compute-sanitizer's check for races             without Java
#   selftest    the whole self-test
#   story       the bundled model generates a text twice; both must be equal
#   ranks       the bundled model on two ranks that share a device, and on two devices where there are two, for 1,000
#               steps; all answers must be those of one rank
#   models      MODELS=FOLDER: each GGUF file and model folder in it, greedy; device and reference must be equal
#   bench-64    8B's shape, batch 64
#   bench-1b    Llama 3.2 1B's shape, batch 1, 16, 64 and 256
#   bench-256   8B's shape, batch 256
#   bench-top   8B's shape, batch 1 and 64, drawn with top-k and top-p
#   peers       PyTorch with CUDA graphs and Hugging Face transformers, where PYTHON=PROGRAM (default: python3) has
#               them; llama.cpp, given LLAMA_BENCH=PROGRAM and LLAMA_MODEL=FILE
#   bench-bits  8B's shape in Q8_0 and Q4_0, batch 1 and 64
#   bench-gptj  GPT-J's shape, as in the paper: 32 requests, prompts of 8, answers of 512
#   bench-file  MODEL=FILE: that model
#   delivery    the pipeline's bundle only: processes killed at random, every answer checked
#
# BUDGET: seconds for all stages (default: 560). OUT=FOLDER: place of the table and logs (default: ./device-check).
# BACKEND=NAME: the backend to check (default: cuda). REHEARSAL=yes: run every stage in its smallest size, as
# rehearse.sh does with a driver that needs no device. Ends with status 1 if a stage failed.
# shellcheck disable=SC2317   # stages are called by name
set -u

home=$(cd "$(dirname "$0")" && pwd)
flover=${FLOVER:-$home/flover}
peers=$home/peers
[ -d "$peers" ] || peers=$home/../benchmarks/peers      # for a run from the source tree
out=${OUT:-device-check}
backend=${BACKEND:-cuda}
begin=$(date +%s)
end=$((begin + ${BUDGET:-560}))
least=5                                                 # seconds, below which no stage is begun
large=llama-8b
small=llama-1b
paper=gpt-j-6b
prompt=960
answer=128
longer=256
longest=512
checks=
if [ -n "${REHEARSAL:-}" ]; then
    large=tiny
    small=tiny
    paper=tiny
    prompt=8
    answer=12
    longer=12
    longest=12
    checks=small
fi
mkdir -p "$out"
out=$(cd "$out" && pwd)
table=$out/table.txt
failed=0

# In some containers the linker's cache does not contain the driver's library: look for it.
if ! ldconfig -p 2>/dev/null | grep -q 'libcuda[.]so[.]1'; then
    found=$(find /usr/local/nvidia /usr/local/cuda*/compat /usr/lib -name libcuda.so.1 2>/dev/null | head -n 1)
    [ -z "$found" ] || LD_LIBRARY_PATH=$(dirname "$found"):${LD_LIBRARY_PATH:-}
    export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:-}"
fi

skip() {
    echo "skipped: $*"
    return 77
}

note() {
    printf '%-10s %s\n' "$1" "$2" | tee -a "$table"
    tar -C "$out" -czf "$out/logs.tgz.new" --exclude='logs.tgz*' . 2>/dev/null && mv "$out/logs.tgz.new" "$out/logs.tgz"
}

# stage NAME LIMIT_SECONDS COMMAND...: runs a stage, and adds its result to the table
stage() {
    name=$1
    most=$2
    shift 2
    left=$((end - $(date +%s)))
    if [ "$left" -lt "$least" ]; then
        note "$name" "not run: no time left"
        return
    fi
    [ "$most" -le "$left" ] || most=$left
    from=$(date +%s)
    limit=$most "$@" >"$out/$name.log" 2>&1
    status=$?
    seconds=$(($(date +%s) - from))
    echo "=== $name"
    tail -n 40 "$out/$name.log"
    case $status in
        0) note "$name" "ok, $seconds s" ;;
        77) note "$name" "$(tail -n 1 "$out/$name.log")" ;;
        124 | 137)
            note "$name" "FAILED: timed out after $seconds s: $(tail -n 1 "$out/$name.log")"
            failed=1
            ;;
        *)
            why=$(grep -v '^ok ' "$out/$name.log" | grep -m 1 -E 'FAILED|DIFFERENT|error|failed' \
                || tail -n 1 "$out/$name.log")
            note "$name" "FAILED with $status, $seconds s: $why"
            failed=1
            ;;
    esac
}

limited() {
    timeout -k 5 "$limit" "$@"
}

facts() {
    uname -a
    nproc
    grep -E '^(NAME|VERSION)=' /etc/os-release
    for tool in nvidia-smi g++ xz compute-sanitizer ncu cuobjdump python3; do
        echo "$tool $(command -v $tool || echo 'not found')"
    done
    limited nvidia-smi || true
    limited nvidia-smi -q -d CLOCK,POWER,PERFORMANCE 2>/dev/null | head -n 60
    return 0
}

# Finds the bundle's smoke test, or compiles it here if the bundle's program does not start.
smoke_program() {
    smoke=$home/smoke/smoke
    if ! "$smoke" >/dev/null 2>&1 && [ $? -ge 126 ]; then
        smoke=$out/smoke-compiled
        g++ -std=c++17 -O2 -w -I "$home/smoke" -o "$smoke" "$home/smoke/smoke.cpp" -ldl || return
    fi
}

smoke() {
    [ -d "$home/smoke" ] || skip "this bundle was made without a C++ compiler or without CUDA kernels" || return
    # shellcheck disable=SC2086   # empty or one word
    smoke_program && limited "$smoke" "$home/smoke/flover.fatbin" $checks
}

sanitizer() {
    command -v compute-sanitizer >/dev/null || skip "compute-sanitizer is not installed" || return
    [ -d "$home/smoke" ] || skip "this bundle has no smoke test" || return
    smoke_program && limited compute-sanitizer --tool "$1" --error-exitcode 9 \
        "$smoke" "$home/smoke/flover.fatbin" small
}

selftest() {
    limited "$flover" selftest --backend "$backend" "$@"
}

models() {
    [ -n "${MODELS:-}" ] || skip "MODELS, a folder of model files, is not set" || return
    different=0
    echo '{"id": "a", "prompt_ids": [1, 5, 9, 12, 7], "max_tokens": 40, "temperature": 0}' >"$out/requests"
    for model in "$MODELS"/*.gguf "$MODELS"/*/config.json; do
        [ -e "$model" ] || continue
        case "$model" in */config.json) model=$(dirname "$model") ;; esac
        for side in reference "$backend"; do
            limited "$flover" generate --model "$model" --backend "$side" --requests "$out/requests" --json \
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
        limited "$flover" generate --backend "$backend" --prompt "The" --max-tokens 80 --temperature 0.8 --seed 7 \
            >"$out/story$run.txt" || return 1
    done
    cat "$out/story1.txt"
    cmp "$out/story1.txt" "$out/story2.txt"
}

# Answers requests in batches of at most four. usage: answer_on FILE OPTION...
answer_on() {
    to=$1
    shift
    limited "$flover" generate --backend "$backend" --requests "$out/ranks-requests.jsonl" --max-sequences 4 --json \
        "$@" >"$to" && [ -s "$to" ]
}

ranks() {
    [ "$backend" = cuda ] || skip "the backend $backend does not compute on devices" || return
    count=48
    length=90
    [ -z "$checks" ] || { count=3 && length=4; }
    i=0
    while [ "$i" -lt "$count" ]; do
        printf '{"id": "%s", "prompt": "The house number %s", "max_tokens": %s, "ignore_eos": true, ' \
            "$i" "$i" $((length + i % 7))
        printf '"sampling": {"temperature": %s}, "seed": %s}\n' $((i % 2)) "$i"
        i=$((i + 1))
    done >"$out/ranks-requests.jsonl"
    answer_on "$out/ranks-1.jsonl" || return
    for devices in 0,0 0,1; do
        if [ "$devices" = 0,1 ] && ! "$flover" devices | grep -q '^cuda .*[0-9] devices: '; then
            echo "one device: two devices are not checked"
            continue
        fi
        answer_on "$out/ranks-$devices.jsonl" --tp 2 --devices "$devices" || return
        cmp "$out/ranks-1.jsonl" "$out/ranks-$devices.jsonl" || return
        echo "two ranks on the devices $devices give the answers of one"
    done
}

bench() {
    limited "$flover" bench engine --backend "$backend" --repeat 1 --warm-up-s 3 "$@"
}

# In the middle of the answer the context has 1024 tokens.
bench_context() {
    bench --prompt-tokens "$prompt" --gen-tokens "$answer" --token-budget 2048 "$@"
}

# Answers of large batches are long enough that all prompts have been computed before the first answer ends.
bench_longer() {
    bench --prompt-tokens "$prompt" --gen-tokens "$longer" --token-budget 2048 "$@"
}

bench_bits() {
    for type in Q8_0 Q4_0; do
        bench_context --shape "$large" --weights "$type" --batch 1,64 || return 1
    done
}

bench_file() {
    [ -n "${MODEL:-}" ] || skip "MODEL, a model file, is not set" || return
    bench_context --model "$MODEL" --batch 1,16,64
}

# Runs a benchmark of another engine, or says what it lacks.
peer() {
    script=$1
    shift
    command -v "${PYTHON:-python3}" >/dev/null \
        || skip "${PYTHON:-python3}, which runs $script, is not installed" || return
    limited "${PYTHON:-python3}" -B "$peers/$script" --prompt-tokens 960 --gen-tokens 128 --batch 1,16,64 "$@"
}

llama_bench() {
    [ -n "${LLAMA_BENCH:-}" ] && [ -n "${LLAMA_MODEL:-}" ] || skip "LLAMA_BENCH or LLAMA_MODEL is not set" || return
    limited "$LLAMA_BENCH" -m "$LLAMA_MODEL" -p 512 -n 128 -ngl 99
}

# Skipped only if no other engine is installed.
peers() {
    result=77
    limit=$((limit / 3))
    for measurement in "peer torch_graphs.py --shape llama-8b" "peer transformers_generate.py --shape llama-8b" \
        llama_bench; do
        # shellcheck disable=SC2086   # the options of a benchmark
        $measurement
        status=$?
        case $status in
            77) ;;
            0) [ "$result" -ne 77 ] || result=0 ;;
            *) result=$status ;;
        esac
    done
    [ "$result" -ne 77 ] || skip "no other engine is installed; the lines above say what each needs"
    return "$result"
}

delivery() {
    "$flover" --help | grep -q verify-delivery || skip "this is the engine's bundle, without the pipeline" || return
    limited "$flover" verify-delivery --backend "$backend"
}

run() {
    case $1 in
        facts) stage "$1" 20 facts ;;
        smoke) stage "$1" 120 smoke ;;
        selfsmall) stage "$1" 60 selftest --small ;;
        bench-8b) stage "$1" 120 bench_context --shape "$large" --weights BF16 --batch 1,16 ;;
        memcheck | racecheck) stage "$1" 90 sanitizer "$1" ;;
        selftest) stage "$1" 180 selftest ;;
        story) stage "$1" 40 story ;;
        ranks) stage "$1" 120 ranks ;;
        models) stage "$1" 180 models ;;
        bench-64) stage "$1" 120 bench_context --shape "$large" --weights BF16 --batch 64 ;;
        bench-1b) stage "$1" 120 bench_longer --shape "$small" --weights BF16 --batch 1,16,64,256 ;;
        bench-256) stage "$1" 180 bench_longer --shape "$large" --weights BF16 --batch 256 ;;
        bench-top) stage "$1" 120 bench_context --shape "$large" --weights BF16 --batch 1,64 --temperature 0.8 \
            --top-k 40 --top-p 0.95 ;;
        peers) stage "$1" 300 peers ;;
        bench-bits) stage "$1" 240 bench_bits ;;
        bench-gptj) stage "$1" 180 bench --shape "$paper" --weights F16 --prompt-tokens 8 --gen-tokens "$longest" \
            --batch 1,32 ;;
        bench-file) stage "$1" 180 bench_file ;;
        delivery) stage "$1" 300 delivery ;;
        *)
            echo "device-check: unknown stage $1; the stages are listed at the top of $0" >&2
            exit 2
            ;;
    esac
}

[ $# -gt 0 ] || set -- facts smoke selfsmall bench-8b memcheck racecheck selftest story ranks models bench-64 bench-1b \
    bench-256 bench-top peers bench-bits bench-gptj bench-file delivery
: >"$table"
for name in "$@"; do
    run "$name"
done
echo
cat "$table"
echo "$(($(date +%s) - begin)) s in all"
exit "$failed"
