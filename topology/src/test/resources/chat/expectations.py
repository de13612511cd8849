"""Writes what Jinja2 makes of chat templates and of small templates, configured as Hugging Face's transformers does.

    python3 expectations.py CHAT_TEMPLATES_FOLDER

writes renderings.json (published templates, which stay where they are) and language.json (templates of our own) beside
itself. Needs jinja2 3.1.
"""

import json
import sys
from datetime import datetime
from pathlib import Path

from jinja2 import TemplateError
from jinja2.exceptions import UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

HERE = Path(__file__).parent
NOW = datetime(2026, 7, 4, 9, 5, 7)


def environment():
    def raise_exception(message):
        raise TemplateError(message)

    def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(
            value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    jinja = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"])
    jinja.filters["tojson"] = tojson
    jinja.globals["raise_exception"] = raise_exception
    jinja.globals["strftime_now"] = lambda form: NOW.strftime(form)
    return jinja


SYSTEM = {"role": "system", "content": " You answer in one line.\n"}
TURNS = [
    {"role": "user", "content": "What is 2 + 2? \n"},
    {"role": "assistant", "content": "\n4, \u201cof course\u201d. "},
    {"role": "user", "content": " And \u00e9 \U0001f600 <|im_end|> {{ 1 }}?"},
]
CHATS = {
    "one turn": TURNS[:1],
    "one turn, system": [SYSTEM] + TURNS[:1],
    "three turns": TURNS,
    "three turns, system": [SYSTEM] + TURNS,
    "switched off": [{"role": "system", "content": "Be brief. /no_think"}] + TURNS,
    "answered": TURNS[:2],
    "two users": [TURNS[0], TURNS[2]],
    "unknown role": [TURNS[0], {"role": "tool", "content": "{}"}],
}


def renderings(folder):
    cases = []
    for file in sorted(Path(folder).glob("*.jinja")):
        template = environment().from_string(file.read_text(encoding="utf-8"))
        for name, messages in CHATS.items():
            for asks in (True, False):
                case = {"template": file.name, "chat": name, "messages": messages, "asks_for_answer": asks}
                try:
                    case["expected"] = template.render(
                        messages=messages, bos_token="<s>", eos_token="</s>", add_generation_prompt=asks,
                        tools=None, documents=None)
                except TemplateError as error:
                    case["refused"] = error.message
                cases.append(case)
    return cases


VALUES = {
    "user": {"name": "Ada", "tags": ["x", "y", "z"], "age": 36, "items": 3},
    "words": ["pear", "Apple", "fig", "Apple"],
    "people": [{"n": "Bo", "a": 3, "ok": True}, {"n": "al", "a": 1, "ok": False}, {"n": "Cy", "a": 2, "ok": True}],
    "text": "  Hello, World!\n",
    "nothing": None,
    "pi": 3.14159,
    "empty": [],
}
LANGUAGE = [
    # white space
    "a\n  {% if true %}\n  b\n  {% endif %}\nc\n", "a\n  {%- if true -%}\n  b\n  {%- endif -%}\nc\n\n",
    "a {#- note -#} b", "  {# note #}\nx", "a\n  {%+ if true %}b{% endif +%}\nc", "x {{- ' y ' -}} z", "  {{ 1 }}\n",
    "{% if true %}{% endif %}  {% if true %}\nz{% endif %}", "\t{% set x = 1 %}\t\n{{ x }}", "{{ 1 }}\n\n", "a\r\nb\rc",
    "{% raw %}{{ x }}{% if %}{% endraw %}!", "a  {%- raw -%}  b {%- endraw %} c", "{{ '}}' }}{{ {'a': {'b': 1}}['a']['b'] }}",
    "{% if true %}\n\n{{ 'x' }}{% endif %}\n  \n{% if true %}y{% endif %}",
    # literals and printing
    "{{ 1 }} {{ 1.0 }} {{ 1e20 }} {{ 1.5e-7 }} {{ 'a\\n\\'b\\'\\u00e9' }} {{ \"q\" 'r' }} {{ true }} {{ none }} {{ None }}",
    "{{ [1, 'a', none, 2.50, true] }} {{ {'k': [1, {}], 'it\\'s': \"x\"} }} {{ [] }} {{ 1_000 }}", "{{ nope }}|{{ user.nope }}|",
    "{{ 0.1 + 0.2 }} {{ 1e16 }} {{ 123456789.0 }} {{ 1 / 3 }} {{ 100000000000000000.0 }} {{ 0.00001 }}",
    # arithmetic
    "{{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 2 ** 10 }} {{ 7.5 % 2 }} {{ -2 ** 2 }} {{ 2 + 3 * 4 - 1 }}",
    "{{ 'a' + 'b' * 3 }} {{ [1] + [2] * 2 }} {{ 1 ~ 'x' ~ none }} {{ -user.age }} {{ 2 ** -1 }} {{ +3 }} {{ - 3 | abs }}",
    # comparison and logic
    "{{ 1 < 2 < 3 }} {{ 1 == 1.0 }} {{ 'a' < 'b' }} {{ 1 in [1, 2] }} {{ 'x' not in user.tags }} {{ 'ell' in text }}",
    "{{ 'name' in user }} {{ not true }} {{ not not 1 }} {{ 0 or 'd' }} {{ 1 and '' }} {{ nope or 'dflt' }} {{ true == 1 }}",
    "{{ [1, 2] == [1, 2] }} {{ none == nope }} {{ 'a' if false }}|{{ 'a' if 0 else 'b' if 0 else 'c' }}",
    "{{ [1,[2]] < [1,[3]] }} {{ 2 != 2.0 }} {{ (1, 2) | length }} {{ () }}",
    # tests
    "{{ nope is defined }} {{ nope is not defined }} {{ nothing is none }} {{ 1 is number }} {{ true is number }}",
    "{{ 'a' is string }} {{ user is mapping }} {{ words is iterable }} {{ 3 is odd }} {{ 4 is divisibleby 2 }} {{ 4 is even }}",
    "{{ 'a' is in ['a'] }} {{ 3 is equalto 3 }} {{ 3 is gt(2) }} {{ true is boolean }} {{ 1 is integer }} {{ 1.0 is float }}",
    "{{ not nope is defined }} {{ words is sequence and user is not string }} {{ true is true }} {{ 1 is true }}",
    # attributes, items, slices
    "{{ user.name }} {{ user['name'] }} {{ user.tags[0] }} {{ user.tags[-1] }} {{ user.tags[9] }}| {{ user['items'] }}",
    "{{ words[1:] }} {{ words[:-1] }} {{ words[::-1] }} {{ text[2:7] }} {{ words[5:] }} {{ words[-2:] }} {{ words[::2] }}",
    "{{ user.items() | list }} {{ user.keys() | list }} {{ user.get('zip', 'none') }} {{ user.get('zip') }} {{ text[3] }}",
    # methods
    "[{{ text.strip() }}] [{{ text.lstrip() }}] [{{ text.rstrip() }}] {{ 'xxaxx'.strip('x') }} {{ 'a-b-c'.split('-') }}",
    "{{ ' a b  c '.split() }} {{ 'a,b,c'.split(',', 1) }} {{ 'a,b,c'.rsplit(',', 1) }} {{ 'aXbX'.replace('X', '-') }}",
    "{{ 'abc'.startswith('ab') }} {{ 'abc'.endswith(('x', 'c')) }} {{ 'aBc dE'.title() }} {{ 'hELLO w'.capitalize() }}",
    "{{ 'a'.upper() }} {{ 'abcabc'.find('c') }} {{ 'abcabc'.count('bc') }} {{ ', '.join(['a', 'b']) }} {{ '12'.isdigit() }}",
    "{{ 'a\\nb\\n'.splitlines() }} {{ 'prefix-x'.removeprefix('prefix-') }} {{ 'x.py'.removesuffix('.py') }} {{ 'a b c'.split(' ')[-1] }}",
    "{{ 'aaa'.replace('a', 'b', 2) }} {{ 'a b c d'.split(none, 2) }} {{ 'abc'.rfind('z') }} {{ ' '.isspace() }}",
    # filters
    "[{{ text | trim }}] {{ words | length }} {{ words | join(', ') }} {{ words | first }} {{ words | last }} {{ empty | first }}|",
    "{{ words | sort }} {{ words | unique | list }} {{ words | reverse | list }} {{ 'abc' | reverse }} {{ words | map('upper') | list }}",
    "{{ people | map(attribute='n') | join('/') }} {{ people | selectattr('ok') | map(attribute='a') | list }}",
    "{{ people | rejectattr('ok') | list | length }} {{ people | selectattr('a', 'gt', 1) | map(attribute='n') | list }}",
    "{{ people | sort(attribute='a') | map(attribute='n') | list }} {{ words | select('equalto', 'fig') | list }}",
    "{{ words | reject('in', ['fig']) | list }} {{ [0, 1, '', 'a'] | select | list }} {{ {'b': 1, 'a': 2} | dictsort }}",
    "{{ nope | default('d') }} {{ '' | default('d', true) }} {{ nothing | default('d') }} {{ '42' | int + 1 }} {{ 'x' | int }}",
    "{{ '1.5' | float }} {{ -3 | abs }} {{ 2.567 | round(1) }} {{ 2.5 | round }} {{ 3 | string + '!' }} {{ 'ab' | list }}",
    "{{ user | tojson }} {{ 'é\"\\n<' | tojson }} {{ [1, 2.0, none, true] | tojson }} {{ {} | tojson }} {{ [] | tojson(indent=2) }}",
    "{{ people[:1] | tojson(indent=4) }}", "{{ user | tojson(sort_keys=true) }} {{ [1, 2] | tojson(separators=(',', ':')) }}",
    "{{ 'a\\nb\\n\\nc' | indent(2) }}|{{ 'a\\nb' | indent(2, true) }}|{{ 'a\\nb' | indent(first=True, width=1) }}",
    "{% for k, v in {'x': 1, 'y': 2} | items %}{{ k }}={{ v }};{% endfor %}", "{{ [3, 1, 2] | max }} {{ [3, 1, 2] | min }} {{ [1, 2] | sum }}",
    "{{ 'Hello' | upper | lower | capitalize | title | replace('l', 'L') }} {{ nope | length }} {{ nope | trim }}|{{ nope | upper }}|",
    "{{ people | map(attribute='zz', default='-') | list }} {{ words | map('replace', 'p', 'P') | list }} {{ words | count }}",
    # statements
    "{% for w in words %}{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.last }}{{ loop.revindex }}{{ loop.length }};{% endfor %}",
    "{% for w in words if w != 'fig' %}{{ loop.index }}{{ w }}{% if not loop.last %},{% endif %}{% endfor %}",
    "{% for w in empty %}x{% else %}none{% endfor %}{% for c in 'ab' %}[{{ c }}]{% endfor %}{% for k in user %}{{ k }} {% endfor %}",
    "{% for w in words %}{{ loop.previtem }}<{{ w }}>{{ loop.nextitem }} {{ loop.cycle('o', 'e') }};{% endfor %}",
    "{% set x = 1 %}{% for w in words %}{% set x = x + 1 %}{{ x }}{% endfor %}{{ x }}",
    "{% set ns = namespace(n=0, s='') %}{% for w in words %}{% set ns.n = ns.n + 1 %}{% set ns.s = ns.s ~ w[0] %}{% endfor %}{{ ns.n }}{{ ns.s }}",
    "{% set a, b = 1, 'two' %}{{ a }}{{ b }}{% set c = [a, b] %}{{ c }}{% set t = 1, 2 %}{{ t[1] }}",
    "{% set block %}\n  in {{ user.name }}\n{% endset %}[{{ block }}]", "{% if nope %}a{% elif user %}b{% else %}c{% endif %}",
    "{% macro hi(n, p='!') %}Hi {{ n }}{{ p }}{% endmacro %}{{ hi('A') }} {{ hi('B', p='?') }} {{ hi(n='C') }}",
    "{% macro outer(d) %}{% if d > 0 %}({{ outer(d - 1) }}){% endif %}{% endmacro %}{{ outer(3) }}",
    "{% set g = 'top' %}{% macro m() %}{{ g }}{% endmacro %}{{ m() | upper }}",
    "{% for i in range(10) %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 5 %}{% break %}{% endif %}{{ i }}{% endfor %}",
    "{{ range(3) | list }} {{ range(1, 8, 3) | list }} {{ range(3, 0, -1) | list }} {{ dict(a=1).a }}",
    "{% for a, b in [[1, 2], [3, 4]] %}{{ a + b }} {% endfor %}{% for p in people %}{{ p.n if p.ok else '-' }}{% endfor %}",
    "{% for i in [1, 2] %}{% for j in [1, 2] %}{{ loop.index }}{{ i }}{{ j }} {% endfor %}{{ loop.index }}{% endfor %}",
    "{% if words[0] == 'pear' and (user.age > 30 or false) and 'x' in user.tags %}yes{% endif %}",
    "{{ strftime_now('%d %b %Y') }} {{ strftime_now('%A %B %-d, %H:%M:%S %y %j %I%p %%') }}",
    "{% for m in people %}{% if (m.a % 2 == 0) != (loop.index0 % 2 == 0) %}odd{% endif %}{% endfor %}",
    "{{ (words | first).upper() }} {{ words | map('length') | sum }} {{ {'a': 1}.a + {'b': 2}['b'] }} {{ [1, 2, 3][1] }}",
    "{%- for p in people -%}\n  {{- p.n -}}\n{%- endfor -%}\n", "{% set messages = words[1:] %}{{ messages }}{{ words | length }}",
    "{% set x %}a{% endset %}{% if x == 'a' %}{{ x ~ 'b' }}{% endif %}{{ user.tags | join }}{{ 'a' 'b' ~ 'c' }}",
    # failures
    "{{ raise_exception('not ' ~ 'good') }}", "{{ nope.x }}", "{{ 'a' + 1 }}", "{{ nope() }}", "{{ 1 / 0 }}", "{{ nope + 'a' }}",
    "{{ user.name.first.x }}", "{% for x in 3 %}{% endfor %}", "{{ 1 < 'a' }}", "{{ user.nope + 'a' }}", "{{ words.append(1) }}",
]


def language():
    cases = []
    for template in LANGUAGE:
        case = {"template": template}
        try:
            case["expected"] = environment().from_string(template).render(**VALUES)
        except TemplateError as error:
            raised = not isinstance(error, UndefinedError) and type(error) is TemplateError
            case["refused" if raised else "fails"] = error.message
        except Exception as error:
            case["fails"] = str(error)
        cases.append(case)
    return {"values": VALUES, "cases": cases}


def write(name, value):
    (HERE / name).write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


write("renderings.json", renderings(sys.argv[1]))
write("language.json", language())
