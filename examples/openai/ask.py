"""Sends a prompt to the HTTP bridge with OpenAI's client and prints the answer as it is committed.

    pip install openai
    python3 ask.py URL PROMPT        # URL as `./flover up --http 8080` prints it, such as http://127.0.0.1:8080/v1
"""

import sys

from openai import OpenAI

url, prompt = sys.argv[1:3]
client = OpenAI(base_url=url, api_key="none")
model = client.models.list().data[0].id

# With a model that has a chat template: client.chat.completions.create(model=model, messages=..., ...)
for event in client.completions.create(model=model, prompt=prompt, max_tokens=60, stream=True):
    print(event.choices[0].text, end="", flush=True)
    if event.choices[0].finish_reason:
        print("\n" + event.choices[0].finish_reason)
