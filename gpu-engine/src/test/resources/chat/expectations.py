"""Writes what Jinja2 makes of chat templates and of small templates, configured as Hugging Face's transformers does.

    python3 expectations.py

writes published.json.gz (the templates of models in the folder templates, each with every conversation below) and
language.json (templates of our own) beside itself. Needs jinja2 3.1.
"""

import gzip
import json
from datetime import datetime
from pathlib import Path

import jinja2.ext
from jinja2 import TemplateError, nodes
from jinja2.exceptions import UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

HERE = Path(__file__).parent
NOW = datetime(2026, 7, 4, 9, 5, 7)


class Generation(jinja2.ext.Extension):
    """{% generation %} marks what the assistant said, and prints as it stands."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return nodes.Scope(body).set_lineno(line)


def environment():
    def raise_exception(message):
        raise TemplateError(message)

    def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(
            value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    jinja = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, "jinja2.ext.loopcontrols"])
    jinja.filters["tojson"] = tojson
    jinja.globals["raise_exception"] = raise_exception
    jinja.globals["strftime_now"] = lambda form: NOW.strftime(form)
    return jinja


WEATHER = {"type": "function", "function": {
    "name": "get_weather", "description": "Says what the weather is.\nOf one city at a time.",
    "parameters": {"type": "object", "properties": {
        "city": {"type": "string", "description": "Name of the city, e.g. \"São Paulo\""},
        "unit": {"type": "string", "enum": ["celsius", "fahrenheit"], "default": "celsius"},
        "days": {"type": "integer", "minimum": 1}},
        "required": ["city"]},
    "return": {"type": "object", "description": "the weather"}}}
SEARCH = {"type": "function", "function": {
    "name": "search", "description": "Finds pages",
    "parameters": {"type": "object", "properties": {
        "query": {"type": "string", "description": "what to find"},
        "filters": {"type": "object", "description": "narrows it", "properties": {
            "sites": {"type": "array", "items": {"type": "string"}, "description": "only these"},
            "fresh": {"type": ["boolean", "null"]}}, "required": ["sites"]},
        "limit": {"anyOf": [{"type": "integer"}, {"type": "null"}]}},
        "required": ["query", "filters"]}}}
NO_PARAMETERS = {"type": "function", "function": {
    "name": "now", "description": "", "parameters": {"type": "object", "properties": {}}}}


def call(name, arguments, id=None):
    made = {"type": "function", "function": {"name": name, "arguments": arguments}}
    return {"id": id, **made} if id else made


def said(role, content, **more):
    return {"role": role, "content": content, **more}


HELLO = said("user", "Hello")
SYSTEM = said("system", "You are terse.")
CONVERSATIONS = {
    "hello": dict(messages=[HELLO]),
    "system": dict(messages=[SYSTEM, said("user", "Who are you?")]),
    "turns": dict(messages=[HELLO, said("assistant", "Hi!"), said("user", "2+2?")]),
    "long": dict(messages=[
        SYSTEM, said("user", "a"), said("assistant", "b"), said("user", "c"), said("assistant", "d"), said("user", "e")]),
    "no question": dict(messages=[SYSTEM, HELLO, said("assistant", "Hi!")], add_generation_prompt=False),
    "marks": dict(messages=[
        said("system", "  spaces around  "),
        said("user", "Größe <b>&\"'\\ 日本 🎉\n\tnew line {{ x }} {% y %}\r\nend "),
        said("assistant", "\n ok \n"), said("user", "")]),
    "thought": dict(messages=[
        said("user", "Why?"), said("assistant", "<think>\nBecause it is.\n</think>\n\nBecause."), said("user", "And?")]),
    "reasoning": dict(messages=[
        said("user", "Why?"), said("assistant", "Because.", reasoning_content="It is so."), said("user", "And?")]),
    "no thinking": dict(messages=[SYSTEM, said("user", "Quick: 3*3?")], enable_thinking=False),
    "tools": dict(messages=[said("user", "Weather in Paris?")], tools=[WEATHER, SEARCH]),
    "tools and system": dict(messages=[SYSTEM, said("user", "What time is it?")], tools=[NO_PARAMETERS]),
    "tool call": dict(messages=[
        said("user", "Weather in Paris?"),
        said("assistant", "", tool_calls=[call("get_weather", {"city": "Paris", "days": 2, "exact": True}, "abc123def")]),
        said("tool", "{\"sky\": \"blue\"}", name="get_weather", tool_call_id="abc123def"),
        said("assistant", "It is blue."), said("user", "Thanks")], tools=[WEATHER]),
    "two calls": dict(messages=[
        SYSTEM, said("user", "Compare Paris and Rome"),
        said("assistant", "Looking.", tool_calls=[
            call("get_weather", {"city": "Paris"}, "aaaaaaaa1"),
            call("search", {"query": "Rome \"weather\"", "filters": {"sites": ["a.it", "b.it"], "fresh": None},
                            "limit": 1.5}, "bbbbbbbb2")]),
        said("tool", "sunny", name="get_weather", tool_call_id="aaaaaaaa1"),
        said("tool", "rain & wind", name="search", tool_call_id="bbbbbbbb2")], tools=[WEATHER, SEARCH]),
    "written arguments": dict(messages=[
        said("user", "Weather?"),
        said("assistant", None, tool_calls=[call("get_weather", "{\"city\": \"Oslo\"}", "ccccccccc")]),
        said("tool", "snow", tool_call_id="ccccccccc")], tools=[WEATHER]),
    "parts": dict(messages=[
        said("system", [{"type": "text", "text": "Be kind."}]),
        said("user", [{"type": "text", "text": "One."}, {"type": "text", "text": " Two."}])]),
}


def variables(conversation):
    return {"tools": None, "documents": None, "add_generation_prompt": True, "bos_token": "<BOS>", "eos_token": "<EOS>",
            **conversation}


def rendered(template, conversation):
    """None where jinja2 refuses, or fails."""
    try:
        return environment().from_string(template).render(**variables(conversation))
    except Exception:
        return None


def published():
    renderings = {
        file.name: {name: rendered(file.read_text(encoding="utf-8"), conversation)
                    for name, conversation in CONVERSATIONS.items()}
        for file in sorted((HERE / "templates").glob("*.jinja"))}
    conversations = {name: variables(conversation) for name, conversation in CONVERSATIONS.items()}
    return {"conversations": conversations, "renderings": renderings}


VALUES = {
    "user": {"name": "Ada", "tags": ["x", "y", "z"], "age": 36, "items": 3},
    "words": ["pear", "Apple", "fig", "Apple"],
    "people": [{"n": "Bo", "a": 3, "ok": True}, {"n": "al", "a": 1, "ok": False}, {"n": "Cy", "a": 2, "ok": True}],
    "text": "  Hello, World!\n",
    "nothing": None,
    "pi": 3.14159,
    "empty": [],
    "tools": None, "s": "Hello wörld, it's <b>", "l": [3, 1, 2], "ls": ["b", "A", "c", None],
    "d": {"b": 1, "A": 3, "c": 2}, "n": None, "f": 3.14159, "i": 42, "t": True, "big": 1234567, "e": [],
    "msgs": [{"role": "user", "content": "x"}, {"role": "assistant", "content": None}, {"role": "user"}],
    "nested": [[1, [2]], [3]], "para": "a-b c\nd  e\n\nf",
    "ppl": [{"n": "Z", "a": 3}, {"n": "y", "a": 1}, {"n": "z", "a": 2}],
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
    # what templates use more rarely
    r"{{ '{} {}'.format(1,'a') }}",
    r"{{ '{0}-{1}-{0}'.format('x','y') }}",
    r"{{ '{a}/{b[0]}/{c.role}'.format(a=1,b=l,c=msgs[0]) }}",
    r"{{ '{:>5}|{:<5}|{:^5}|{:05d}|{:.2f}|{:,}'.format('a','b','c',42,f,big) }}",
    r"{{ '{:*^9}'.format('mid') }}{{ '{:+d}'.format(3) }}{{ '{:x}'.format(255) }}{{ '{!r}'.format('q') }}{{ '{{}}'.format() }}",
    r"{{ '%s is %d and %.2f' | format('a', 3, f) }}",
    r"{{ '%s %s' % ('a', 'b') }}{{ 'one %s' % 'x' }}{{ '%(k)s' % {'k': 1} }}{{ '%05d|%-5s|%5s|%%' % (42,'a','b') }}",
    r"{{ '%s' % n }}{{ '%r' % 'a' }}{{ '%x' % 255 }}{{ '%e' % f }}{{ '%g' % f }}",
    r"{{ 7 % 3 }}{{ -7 % 3 }}{{ 7.5 % 2 }}",
    r"{% filter upper %}abc {{ s }}{% endfilter %}",
    r"{% filter replace('a','b') | trim | title %} aaa xa {% endfilter %}",
    r"{% with a=1, b=l %}{{ a }}{{ b }}{% endwith %}{{ a is defined }}",
    r"{% with %}{% set q=5 %}{{ q }}{% endwith %}{{ q is defined }}",
    r"{% macro m(x, y=2) %}[{{ x }}:{{ y }}:{{ caller('z') }}]{% endmacro %}{% call(v) m(1) %}body {{ v }}{% endcall %}",
    r"{% macro m(x) %}[{{ x }}{{ varargs }}{{ kwargs }}]{% endmacro %}{{ m(1,2,3,k=4) }}",
    r"{% macro m(x) %}[{{ x }}{{ caller() }}]{% endmacro %}{% call m('q') %}hi{% endcall %}",
    r"{% set x | upper %}abc{% endset %}{{ x }}",
    r"{% set x | trim | replace('b', 'c') %}  abc {% endset %}[{{ x }}]",
    r"{% set ns = namespace(a=1) %}{% set ns.b %}cap{% endset %}{{ ns.b }}",
    r"{{ n | map(attribute='x') | list }}{{ n | select | list }}{{ n | selectattr('x') | list }}{{ n | rejectattr('x') | list }}{{ n|reject|list }}",
    r"{{ msgs | map(attribute='content') | list }}",
    r"{{ msgs | map(attribute='content', default='d') | list }}",
    r"{{ msgs | selectattr('content', 'none') | list }}",
    r"{{ msgs | selectattr('content', 'defined') | map(attribute='role') | join(',') }}",
    r"{{ msgs | selectattr('content') | list | length }}",
    r"{{ msgs | rejectattr('content', 'equalto', none) | list | length }}",
    r"{{ ls | select('string') | list }}{{ ls | reject('none') | list }}{{ ls | select('equalto', none) | list }}",
    r"{{ l | batch(2) | list }}{{ l | batch(2, 'x') | list }}",
    r"{{ [1,2,3,4,5] | slice(2) | list }}{{ [1,2,3,4,5] | slice(3, 'f') | list }}",
    r"{% for x in [1,1,2,2,3] %}{{ loop.changed(x) }} {% endfor %}",
    r"{% for x in l %}{{ loop.cycle('a','b') }}{{ loop.depth }}{{ loop.revindex0 }}{% endfor %}",
    r"{% for x in nested recursive %}({% if x is iterable %}{{ loop(x) }}{% else %}{{ x }}@{{ loop.depth }}{% endif %}){% endfor %}",
    r"{{ d | dictsort }}{{ d | dictsort(by='value') }}{{ d | dictsort(true) }}{{ d | dictsort(false, 'value', true) }}",
    r"{{ '0x1f' | int(base=16) }}{{ '1f' | int(0, 16) }}{{ '101' | int(base=2) }}{{ 'zz' | int(7) }}{{ '3.7' | int }}{{ ' 12 ' | int }}{{ n | int }}{{ true | int }}{{ '1e3'|int }}",
    r"{{ d | tojson }}{{ d | tojson(indent=2) }}{{ d | tojson(sort_keys=true) }}{{ s | tojson(ensure_ascii=true) }}{{ s | tojson }}",
    r"{{ strftime_now('%Y-%m-%d %H:%M:%S %j %U %W %V %u %w %y %C %e %-d %-m %I %p %a %A %b %B %c %x %X %D %F %T %R %G %%') }}",
    r"{{ ('<b>' | safe) ~ '<i>' }}{{ ('<b>' | safe) + '<i>' }}{{ '<i>' + ('<b>' | safe) }}{{ ('<b>' | safe) * 2 }}",
    r"{{ ('a' | safe) | upper + '<' }}{{ ('%s<' | safe) % '<' }}{{ ('{}<' | safe).format('<') }}{{ ('<a>' | safe).replace('a','<') }}{{ '<' | e }}{{ ('<' | e) | e }}{{ ('<' | safe) | e }}",
    r"{{ ('x' | safe) is string }}{{ ('x' | safe) == 'x' }}{{ ('x' | safe) in 'axb' }}{{ ['a', '<b>' | safe] | join('<') }}{{ ('a,b' | safe).split(',') }}",
    r"{{ ls | sort }}",
    r"{{ ['b','A','c'] | sort }}{{ ['b','A','c'] | sort(case_sensitive=true) }}{{ ['b','A','c'] | sort(reverse=true) }}{{ ppl | sort(attribute='n,a') | map(attribute='a') | list }}",
    r"{{ ['b','B','a'] | unique | list }}{{ ['b','B','a'] | unique(true) | list }}{{ l | min }}{{ l | max }}{{ ['b','A'] | min }}{{ ppl | max(attribute='a') }}{{ l | sum }}{{ ppl | sum(attribute='a') }}{{ e|max is defined }}",
    r"{% for g in ppl | groupby('n') %}{{ g.grouper }}={{ g.list | length }};{% endfor %}{% for k, v in ppl | groupby('n') %}{{ k }}{{ v | map(attribute='a') | list }}{% endfor %}",
    r"{{ para | indent }}|{{ para | indent(2, true) }}|{{ para | indent(2, blank=true) }}|{{ para | indent('> ', true) }}",
    r"{{ 'hello world foo' | truncate(11) }}|{{ 'hello world foo' | truncate(9, true) }}|{{ 'hello world foo bar baz' | truncate(11, false, '..', 0) }}",
    r"""{{ 'a b c d' | wordcount }}{{ 'x' | center(7) }}|{{ 'xy' | center(7) }}|{{ "it's a-b (c" | title }}{{ 'hELLO' | capitalize }}""",
    r"{{ 'a b/ü?&' | urlencode }}{{ {'a': 'b c'} | urlencode }}{{ '<p>a <b>c</b></p> &amp; x' | striptags }}{{ 1500 | filesizeformat }}{{ 1 | filesizeformat }}",
    r"{{ 'abc' | first }}{{ 'abc' | last }}{{ l | first }}{{ 'abc' | reverse }}{{ l | reverse | list }}{{ e | first is defined }}{{ 'abc' | list }}",
    r"{{ f | round }}{{ f | round(2) }}{{ f | round(1, 'ceil') }}{{ f | round(1, 'floor') }}{{ 2.5 | round }}{{ 42 | round }}{{ -3 | abs }}{{ '3.5' | float }}{{ 'x' | float(1.5) }}",
    r"{{ s.center(30, '*') }}{{ 'a'.ljust(3) }}|{{ 'a'.rjust(3,'0') }}{{ '42'.zfill(5) }}{{ '-42'.zfill(5) }}",
    r"{{ 'a=b=c'.partition('=') }}{{ 'a=b=c'.rpartition('=') }}{{ 'abc'.partition('x') }}{{ 'a\tb'.expandtabs(4) }}{{ 'aBc'.swapcase() }}{{ 'ß'.casefold() }}",
    r"{{ 'abcabc'.find('b', 2) }}{{ 'abcabc'.rfind('b') }}{{ 'abc'.find('z') }}{{ 'abc'.startswith('b', 1) }}{{ 'abc'.startswith(('x','a')) }}{{ 'abc'.index('c') }}{{ 'abc'.count('') }}",
    r"{{ 'a  b c'.split() }}{{ 'a  b c'.split(' ') }}{{ 'a b c'.split(None, 1) }}{{ 'a b c'.rsplit(None, 1) }}{{ 'a b c'.rsplit(' ', 1) }}{{ 'a\nb\r\nc\n'.splitlines() }}{{ 'a\nb'.splitlines(true) }}",
    r"{{ 'x'.isdigit() }}{{ '12'.isdigit() }}{{ 'Ab C'.istitle() }}{{ 'aB1'.isalnum() }}{{ ' '.isspace() }}{{ 'ab'.isalpha() }}",
    r"{{ l.index(1) }}{{ l.count(1) }}{{ l.append(4) }}",
    r"{{ d.items() | list }}{{ d.keys() | list }}{{ d.values() | list }}{{ d.get('b') }}{{ d.get('z', 5) }}{{ d.get('z') }}{{ d.copy() }}",
    r"{{ l[0:2] }}{{ l[::-1] }}{{ l[-1] }}{{ s[1:4] }}{{ s[::-1] }}{{ (1,2,3)[:2] }}{{ l[5] is defined }}",
    r"{{ 1 if false }}{{ (1 if false) is defined }}{{ x is defined }}{{ x }}{{ x | default('d') }}{{ n | default('d') }}{{ n | default('d', true) }}{{ '' | d('e', true) }}",
    r"{{ x.y }}",
    r"{{ n.y }}",
    r"{{ n.y.z }}",
    r"{{ [1,2] + [3] }}{{ 'a' + 'b' }}{{ 'a' ~ 1 ~ none ~ true }}{{ 2 ** 10 }}{{ 7 // 2 }}{{ 7 / 2 }}{{ -7 // 2 }}{{ 1 + 2.0 }}{{ 10 / 5 }}",
    r"{{ 'a' + 1 }}",
    r"{{ 1 == 1.0 }}{{ 1 == true }}{{ 'a' < 'b' }}{{ [1,2] < [1,3] }}{{ 1 in l }}{{ 'x' not in s }}{{ n is none }}{{ not n }}{{ 1 < 2 < 3 }}{{ (1,2) == [1,2] }}",
    r"{{ 1 is integer }}{{ true is integer }}{{ 1.0 is float }}{{ 1 is number }}{{ s is string }}{{ l is sequence }}{{ d is mapping }}{{ d is iterable }}{{ 3 is odd }}{{ 4 is even }}{{ 9 is divisibleby 3 }}{{ 1 is sameas true }}{{ 'upper' is filter }}{{ 'x' is filter }}{{ 'odd' is test }}{{ 2 is in l }}{{ 'a' is lower }}{{ 1 is eq 1 }}{{ 1 is boolean }}{{ range is callable }}",
    r"{{ range(5) | list }}{{ range(1,10,3) | list }}{{ range(3,0,-1) | list }}{{ range(5) | length }}{{ dict(a=1, b=2) }}",
    r"{% set c = cycler('a','b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}{% set j = joiner('|') %}{{ j() }}x{{ j() }}y",
    r"{% for k, v in d.items() %}{{ k }}={{ v }}{% if not loop.last %},{% endif %}{% else %}none{% endfor %}{% for x in e %}a{% else %}empty{% endfor %}",
    r"{% for x in range(10) %}{% if x == 2 %}{% continue %}{% endif %}{% if x == 5 %}{% break %}{% endif %}{{ x }}{% endfor %}",
    r"{% for x in l if x > 1 %}{{ x }}:{{ loop.index }}/{{ loop.length }} {% endfor %}",
    r"""{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set t = (1,) %}{{ t }}{{ () }}{{ [none, true, 1.5, 'a\'b', "q\"q"] }}{{ {'a': 'x\ny'} }}""",
    r"{% raw %}{{ x }}{% endraw %}{# c #}{%- if true -%} a {%- endif -%} b",
    r"{% if n %}a{% elif l %}b{% else %}c{% endif %}{{ 'yes' if l else 'no' }}",
    r"{{ raise_exception('no') }}",
    r"{{ bad_function() }}",
    r"{{ l | join(', ') }}{{ ppl | join(',', attribute='n') }}{{ l | map('string') | join }}{{ ['a','b'] | map('upper') | list }}{{ ['1','2'] | map('int') | sum }}{{ l | map('round', 1) | list }}",
    r"{{ msgs | map(attribute='role') | unique | list }}{{ d | items | list }}{{ d | length }}{{ d | list }}{{ d | first }}{{ l | map('odd') | list }}",
    r"{{ l | select('odd') | length }}",
    r"{{ (l | map('string'))[0] }}",
    r"{% block q %}in block{% endblock %}{% block r scoped %}x{% endblock r %}",
    r"{% generation %}gen{% set zz = 1 %}{% endgeneration %}{{ zz is defined }}",
    r"{% macro f(a, b='x') %}{{ a }}{{ b }}{% endmacro %}{{ f(*[1,2]) }}{{ f(**{'a': 5}) }}{{ f(1, b=3) }}",
    r"{{ f(1) }}",
    r"{{ s | attr('upper') is callable }}{{ d | attr('b') is defined }}{{ d['items'] is callable }}{{ d.b }}{{ msgs[0].role }}{{ msgs[0]['role'] }}{{ d.items is callable }}",
    r"{{ 'a' * 3 }}{{ [1] * 2 }}{{ 3 * 'b' }}{{ not true }}{{ -i }}{{ +i }}{{ - f }}",
    r"{{ 'İSTANBUL ΣΑΣ' | lower }}{{ 'straße' | upper }}{{ 'ΟΔΥΣΣΕΥΣ'.lower() }}{{ 'ŉ' | upper }}{{ 'ǆ' | capitalize }}",
    r"{{ {'a': 1} == {'a': 1.0} }}{{ n == false }}{{ '' == false }}{{ [] == () }}{{ 'a' in {'a': 1} }}{{ 1 in (1,2) }}",
    r"{{ '  x ' | trim }}{{ 'xxaxx' | trim('x') }}{{ '\u00a0x\u2003' | trim }}{{ '  x'.lstrip() }}|{{ 'x  '.rstrip() }}|{{ 'abc'.removeprefix('a') }}{{ 'abc'.removesuffix('c') }}",
    r"{{ 0.1 + 0.2 }}{{ 1e16 }}{{ 1e15 }}{{ 123456789.123 }}{{ 1e-5 }}{{ 100000.0 }}{{ 1/3 }}",
    r"{{ 'aXbXc'.replace('X', '-', 1) }}{{ 'abc' | replace('', '-') }}{{ 'aaa' | replace('a', 'b', 2) }}{{ 'ab'.replace('', '-', 2) }}",
    r"{{ msgs | selectattr('role', 'equalto', 'user') | list | length }}{{ msgs | selectattr('role', '==', 'user') | list | length }}{{ msgs | selectattr('role', 'in', ['user']) | list | length }}{{ msgs[-1].content is undefined }}",
    r"{% set x = 1 %}{% if true %}{% set x = 2 %}{% endif %}{{ x }}{% for i in [1] %}{% set x = 3 %}{% endfor %}{{ x }}",
    r"{{ loop }}",
    r"{{ undefined_thing.attr }}",
    r"{{ l.0 }}{{ 'é' | length }}{{ '🎉' | length }}{{ '🎉x'[1] }}{{ 'a🎉b'[::-1] }}{{ 'a🎉b'.find('b') }}",
    r"{{ 'x' if n is not none else 'y' }}{{ n is not none and n.x }}{{ 'a' or 'b' }}{{ '' or 'b' }}{{ 1 and 2 }}",
    r"{{ tools is not none and tools | length > 0 }}{{ (tools or []) | length }}",
    r"{{ [1,{'a':[],'b':{}}] | tojson(indent=4) }}{{ [1,2] | tojson(separators=(',',':')) }}{{ {'é': 'ü'} | tojson(true) }}",
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
            case["fails"] = type(error).__name__
        cases.append(case)
    return {"values": VALUES, "cases": cases}


def write(name, value):
    (HERE / name).write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


(HERE / "published.json.gz").write_bytes(
    gzip.compress(json.dumps(published(), ensure_ascii=False).encode(), compresslevel=9, mtime=0))
write("language.json", language())
