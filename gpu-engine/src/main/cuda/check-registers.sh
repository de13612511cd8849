#!/bin/sh
# Compares the registers that each kernel takes with the registers that it may take.
#
# usage: check-registers.sh TABLE REPORT
#
# TABLE is registers.txt; REPORT has a line "KERNEL ARCHITECTURE N registers S bytes stack B bytes spilled" for each
# kernel. Fails, with a message that says what to do, if a kernel takes more registers than its line of TABLE allows, or
# spills registers, or if a line of TABLE matches no kernel and so checks nothing.
set -eu

awk -v table="$1" '
    function complain(sentence) {
        print "cuda: " sentence
        failed = 1
    }
    BEGIN { rows = 0 }
    FILENAME == table {
        sub(/#.*/, "")
        if (NF == 3) {
            rows++
            name[rows] = $1
            threads[rows] = $2
            blocks[rows] = $3
            limit[rows] = int(65536 / ($2 * $3) / 8) * 8      # registers are allocated in eights
            if (limit[rows] > 255) limit[rows] = 255
            pattern[rows] = "^" $1 "$"
            gsub(/\*/, ".*", pattern[rows])
        } else if (NF > 0) {
            complain(table " line " FNR ": expected a kernel, threads and blocks, found \"" $0 "\"")
        }
        next
    }
    {
        for (row = 1; row <= rows && $1 !~ pattern[row]; row++) continue
        used[row] = 1
        if (row > rows) {
            complain($1 " has no line in " table)
        } else if ($3 > limit[row]) {
            complain($1 " uses " $3 " registers on " $2 ", but " blocks[row] " blocks of " threads[row] \
                " threads allow it " limit[row] \
                ": reduce its registers, or lower the number of blocks in " table)
        }
        if ($8 > 0) complain($1 " spills " $8 " bytes of registers on " $2)
    }
    END {
        for (row = 1; row <= rows; row++) {
            if (!used[row]) complain("no kernel matches the line " name[row] " of " table)
        }
        exit failed
    }
' "$1" "$2" >&2
