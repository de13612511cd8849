#!/bin/sh
# Compiles the kernels for the host, with the emulator in the GPU's place, and the driver library that needs no device.
#
# usage: build.sh COMPILER OUTPUT_DIRECTORY
#
# Writes OUTPUT_DIRECTORY/libemulator.so, and OUTPUT_DIRECTORY/libcuda.so.1, which looks for the former in its own
# folder. Does nothing if both files exist, so a folder must not be used for two states of the sources. Warnings are
# errors.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
kernels=$(cd "$here/../../main/cuda" && pwd)
compiler=$1
mkdir -p "$2"
output=$(cd "$2" && pwd)
[ ! -f "$output/libemulator.so" ] || [ ! -f "$output/libcuda.so.1" ] || exit 0

for source in "$kernels"/*.cu; do
    echo "#include \"$source\""
done >"$output/kernels.inc"
# The names of the kernels' entry points, including those whose declaration takes two lines.
cat "$kernels"/*.cu | tr '\n' ' ' | grep -oE 'extern "C" __global__ void __launch_bounds__\([^)]*\) +[a-z0-9_]+\(' \
    | sed -E 's/.* ([a-z0-9_]+)\($/KERNEL(\1)/' >"$output/entries.inc"

"$compiler" -std=c++17 -O2 -Wall -Wextra -Werror -fPIC -shared -Wno-unknown-pragmas -ffp-contract=off \
    -U_FORTIFY_SOURCE -Wl,-soname,libemulator.so -I "$kernels/include" -I "$here" -I "$output" \
    -o "$output/libemulator.so" "$here/emulator.cpp"
"$compiler" -std=c++17 -O2 -Wall -Wextra -Werror -fPIC -shared -Wl,-soname,libcuda.so.1 "-Wl,-rpath,\$ORIGIN" \
    -o "$output/libcuda.so.1" "$here/driver.cpp" "$output/libemulator.so"
