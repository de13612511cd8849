#!/bin/sh
# Compiles every kernel into one fatbin: machine code for sm_80 and sm_90a, and PTX for later architectures.
#
# usage: build.sh OUTPUT_DIRECTORY
#
# Writes OUTPUT_DIRECTORY/flover.fatbin and OUTPUT_DIRECTORY/kernels.txt (registers, spills and shared memory of each
# kernel), and, if cuobjdump is installed, OUTPUT_DIRECTORY/machine-code.txt (counts of the kernels' machine
# instructions). Does nothing if neither the sources nor the compiler have changed. Without nvcc it prints a message and
# succeeds: everything but the CUDA backend works without it. Errors are: warnings, register spills, more registers than
# registers.txt allows, and instruction counts that machine-code.txt does not allow.
set -eu

sources=$(cd "$(dirname "$0")" && pwd)
output=$1
nvcc=${NVCC:-nvcc}
cuobjdump=$(command -v "${CUOBJDUMP:-cuobjdump}" || true)

if ! command -v "$nvcc" >/dev/null 2>&1; then
    echo "cuda: nvcc not found: the CUDA kernels are not compiled, and --backend cuda will not work"
    exit 0
fi

mkdir -p "$output"
output=$(cd "$output" && pwd)
stamp=$( (cd "$sources" && cat ./*.sh ./*.txt ./*.cu include/*.cuh; "$nvcc" --version; echo "$cuobjdump") | cksum)
if [ -f "$output/flover.fatbin" ] && [ "$(cat "$output/stamp" 2>/dev/null)" = "$stamp" ]; then
    exit 0
fi

# One translation unit gives one fatbin and one module; nvcc compiles both architectures at the same time.
all=$output/kernels.cu
for source in "$sources"/*.cu; do
    echo "#include \"$source\""
done >"$all"
rm -f "$output/flover.fatbin"
if ! "$nvcc" -std=c++17 -O3 -fmad=false -t 0 -Xptxas -v,-warn-spills -Werror all-warnings -I "$sources/include" \
        -gencode arch=compute_80,code=sm_80 \
        -gencode arch=compute_90a,code=sm_90a \
        -gencode arch=compute_80,code=compute_80 \
        -fatbin -o "$output/compiled.fatbin" "$all" 2>"$output/nvcc.log"; then
    grep -v 'ptxas \|spill loads$' "$output/nvcc.log" >&2 || true
    grep 'ptxas error' "$output/nvcc.log" >&2 || true
    exit 1
fi

awk '
    /Compiling entry function/ { split($0, part, "\x27"); name = part[2]; arch = part[4] }
    /bytes stack frame/ { stack = $1; stores = $5; loads = $9 }
    /Used [0-9]+ registers/ {
        for (i = 1; i <= NF; i++) if ($i == "Used") registers = $(i + 1)
        printf "%-26s %-7s %4d registers %5d bytes stack %5d bytes spilled\n",
            name, arch, registers, stack, stores + loads
    }
' "$output/nvcc.log" | sort >"$output/kernels.txt"
if ! grep -q registers "$output/kernels.txt"; then
    echo "cuda: nvcc reported no resources; its output has changed" >&2
    exit 1
fi
sh "$sources/check-registers.sh" "$sources/registers.txt" "$output/kernels.txt" || exit 1
if [ -n "$cuobjdump" ]; then
    CUOBJDUMP=$cuobjdump sh "$sources/check-machine-code.sh" "$sources/machine-code.txt" "$output/compiled.fatbin" \
        "$output/machine-code.txt" || exit 1
else
    echo "cuda: cuobjdump not found: the machine code is not checked"
fi

mv "$output/compiled.fatbin" "$output/flover.fatbin"
echo "$stamp" >"$output/stamp"
