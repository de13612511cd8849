#!/bin/sh
# Sends a prompt with kcat and prints the record with the whole answer. The pipeline runs with `--output json`.
#
#   sh ask.sh BROKER PROMPT

id="ask-$(date +%s)-$$"
since="$(date +%s)000"
prompt=$(printf '%s' "$2" | sed 's/\\/\\\\/g; s/"/\\"/g')

echo "{\"prompt\": \"$prompt\", \"max_tokens\": 60}" |
    kcat -P -b "$1" -t generation-requests -k "$id" -X topic.partitioner=murmur2_random || exit 1

# Read the results since the request, committed ones only, until the one with the request's id is there.
until kcat -C -q -e -b "$1" -t generation-results -o "s@$since" -X isolation.level=read_committed -f '%k %s\n' |
    grep "^$id " | cut -d ' ' -f 2- | grep .; do
    sleep 1
done
