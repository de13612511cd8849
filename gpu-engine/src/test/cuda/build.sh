#!/bin/sh
# Compiles the kernels for the host, with the emulator in the place of the GPU, and the driver without a device.
#
# usage: build.sh COMPILER OUTPUT_DIRECTORY
#
# Writes OUTPUT_DIRECTORY/libemulator.so and OUTPUT_DIRECTORY/libcuda.so.1, which looks for the former beside itself.
# Does nothing where both are there: a folder is for one state of the sources. Warnings are errors.
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
# The entries' names, also of those whose declaration takes two lines.
cat "$kernels"/*.cu | tr '\n' ' ' | grep -oE 'extern "C" __global__ void __launch_bounds__\([^)]*\) +[a-z0-9_]+\(' \
    | sed -E 's/.* ([a-z0-9_]+)\($/KERNEL(\1)/' >"$output/entries.inc"

"$compiler" -std=c++17 -O2 -Wall -Wextra -Werror -fPIC -shared -Wno-unknown-pragmas -ffp-contract=off \
    -U_FORTIFY_SOURCE -Wl,-soname,libemulator.so -I "$kernels/include" -I "$here" -I "$output" \
    -o "$output/libemulator.so" "$here/emulator.cpp"
"$compiler" -std=c++17 -O2 -Wall -Wextra -Werror -fPIC -shared -Wl,-soname,libcuda.so.1 "-Wl,-rpath,\$ORIGIN" \
    -o "$output/libcuda.so.1" "$here/driver.cpp" "$output/libemulator.so"
