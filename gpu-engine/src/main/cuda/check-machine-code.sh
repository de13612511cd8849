#!/bin/sh
# Counts the machine instructions of each kernel, and compares the counts with the expected ones.
#
# usage: check-machine-code.sh TABLE FATBIN REPORT [DISASSEMBLY]
#
# TABLE is machine-code.txt. REPORT gets a line "KERNEL ARCHITECTURE OPERATION COUNT" for each kernel and each line of
# TABLE whose pattern matches the kernel. DISASSEMBLY is the output of `cuobjdump -sass FATBIN`; without it the script
# runs cuobjdump. Fails with a message if a kernel has fewer or more instructions than its line of TABLE allows, or if a
# line of TABLE matches no kernel.
set -eu

code=${4:-}
if [ -z "$code" ]; then
    code=$3.sass
    "${CUOBJDUMP:-cuobjdump}" -sass "$2" >"$code"
fi
awk -v table="$1" -v report="$3" '
    function complain(sentence) {
        print "cuda: " sentence > "/dev/stderr"
        failed = 1
    }
    function matcher(text) {
        gsub(/\./, "[.]", text)
        gsub(/\*/, ".*", text)
        return "^" text "$"
    }
    FILENAME == table {
        sub(/#.*/, "")
        if (NF == 4) {
            rows++
            name[rows] = $1
            kernel[rows] = matcher($1)
            wanted[rows] = $2
            operation[rows] = matcher($2)
            least[rows] = $3
            most[rows] = $4
        } else if (NF > 0) {
            complain(table " line " FNR ": expected a kernel, an operation, least and most, found \"" $0 "\"")
        }
        next
    }
    /^[ \t]*code for sm_/ { architecture = $3 }
    /^[ \t]*Function : / { kernels[++count] = $3 " " architecture }
    /^[ \t]*\/\*[0-9a-f]+\*\/ +[@A-Z]/ {
        op = $2 ~ /^@/ ? $3 : $2
        sub(/;.*/, "", op)
        ops[count, op]++
        all[op] = 1
    }
    END {
        if (count == 0) complain("no kernel in the disassembly; the output of cuobjdump has changed")
        for (k = 1; k <= count; k++) {
            split(kernels[k], part, " ")
            for (row = 1; row <= rows; row++) {
                if (part[1] !~ kernel[row]) continue
                used[row] = 1
                sum = 0
                for (op in all) {
                    if ((k, op) in ops && op ~ operation[row]) sum += ops[k, op]
                }
                printf "%-26s %-6s %-12s %4d\n", part[1], part[2], wanted[row], sum > report
                if (sum < least[row] || most[row] != "-" && sum > most[row]) {
                    complain(part[1] " has " sum " instructions " wanted[row] " on " part[2] "; expected " \
                        (most[row] == "-" ? least[row] " or more" : least[row] " to " most[row]))
                }
            }
        }
        for (row = 1; row <= rows; row++) {
            if (!used[row]) complain("no kernel matches the line " name[row] " " wanted[row] " of " table)
        }
        exit failed
    }
' "$1" "$code"
