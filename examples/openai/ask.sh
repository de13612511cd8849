#!/bin/sh
# Sends a prompt to the HTTP bridge and prints the answer's events as they are committed.
#
#   sh ask.sh URL PROMPT        URL as `./flover up --http 8080` prints it, such as http://127.0.0.1:8080/v1

prompt=$(printf '%s' "$2" | sed 's/\\/\\\\/g; s/"/\\"/g')
curl --silent --show-error --fail-with-body --no-buffer "$1/completions" -H 'Content-Type: application/json' \
    -d "{\"prompt\": \"$prompt\", \"max_tokens\": 60, \"stream\": true}"
