"""Makes lines for `flover batch` of files with prompts: python lines.py FIELD FILE... [--max-tokens N] > lines.jsonl

FIELD names the prompt in each object of the files (JSON lines, perhaps with .gz at the end of the name); if it is a list, its first
entry is taken. The lines have the form of OpenAI's batches.
"""

import argparse
import gzip
import json
import pathlib
import sys


def objects(path):
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def main():
    parser = argparse.ArgumentParser(description="Makes lines for `flover batch` of files with prompts.")
    parser.add_argument("field")
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    parser.add_argument("--max-tokens", type=int, default=16)
    options = parser.parse_args()
    for path in options.files:
        for number, each in enumerate(objects(path), 1):
            prompt = each[options.field]
            json.dump({
                "custom_id": f"{path.name}-{number}", "method": "POST", "url": "/v1/completions",
                "body": {"prompt": prompt[0] if isinstance(prompt, list) else prompt, "max_tokens": options.max_tokens},
            }, sys.stdout)
            sys.stdout.write("\n")


if __name__ == "__main__":
    main()
