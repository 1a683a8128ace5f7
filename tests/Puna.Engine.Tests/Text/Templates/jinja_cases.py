"""Writes jinja_cases.jsonl: what jinja2 3.1 renders under transformers' settings, one case a line.

Run it with jinja2 installed (python3 jinja_cases.py) after adding a template to CASES. Cases whose value in jinja2 is
a generator or a view are left out on purpose: Puna gives lists there.
"""

import datetime
import json
import pathlib

import jinja2.ext
import jinja2.sandbox

VARIABLES = {
    "name": "Ada Lovelace",
    "text": "  one two\tthree \n",
    "emoji": "a🦙é한b",
    "empty": "",
    "null": None,
    "yes": True,
    "no": False,
    "zero": 0,
    "seven": 7,
    "half": 0.5,
    "list": [3, 1, 2],
    "words": ["pear", "Apple", "fig", "apple"],
    "nested": [[1, 2], [3, 4]],
    "map": {"b": 1, "a": [True, None, 1.5], "c": {"d": "é<&>\"'"}},
    "people": [
        {"name": "Bo", "age": 30, "home": {"city": "Ulm"}},
        {"name": "al", "age": 20, "home": {"city": "Bonn"}},
        {"name": "Cy", "age": 30, "home": {}},
    ],
    "messages": [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "yo"},
        {"role": "user", "content": "bye"},
    ],
}

CASES = r"""
{{ name }}|{{ missing }}|{{ null }}|{{ yes }}|{{ half }}|{{ list }}|{{ map }}
{{ [1, 'a', none, true, 2.0, (1,), (), {'k': "it's"}, "q\"'", '\n\t\\\x01', 'é🦙\u200b'] }}
{{ 1e16 }} {{ 1e15 }} {{ 123456.789 }} {{ 1e-4 }} {{ 1e-5 }} {{ 0.1 + 0.2 }} {{ 1e300 * 10 }} {{ 2.5e-7 }} {{ 100.0 }} {{ -0.0 }}
{{ 1_000 }} {{ 0x1f }} {{ 0b101 }} {{ 0o17 }} {{ 1_0.5 }} {{ 1e3 }}
{{ 7 / 2 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 7.5 // 2 }} {{ -7.5 % 2 }} {{ 2 ** 10 }} {{ 2 ** -1 }} {{ 2 ** 3 ** 2 }}
{{ -2 ** 2 }} {{ - 3 + 5 }} {{ +4 }} {{ --4 }} {{ 1 - -1 }} {{ not 1 }} {{ not not 1 }} {{ true + true }}
{{ 1 / 0 }}
{{ 5 // 0 }}
{{ 5.0 % 0 }}
{{ 'a' + 'b' }} {{ 'ab' * 3 }} {{ 2 * 'ab' }} {{ [1] + [2] }} {{ [1, 2] * 2 }} {{ 'x' ~ 1 ~ none ~ 2.0 ~ [1] }}
{{ 'a' + 1 }}
{{ 1 + none }}
{{ missing + 1 }}
{{ missing.a }}
{{ missing['a'] }}
{{ missing() }}
{{ name() }}
{{ name.nothing }}|{{ map.nothing }}|{{ list[9] }}|{{ null.x }}|{{ zero.x }}
{{ map.nothing.more }}
{{ list[9].more }}
{{ null.x.y }}
{{ 1 < 2 < 3 }} {{ 1 < 2 > 3 }} {{ 1 == 1.0 }} {{ true == 1 }} {{ 'a' < 'b' }} {{ [1, 2] < [1, 3] }} {{ (1, 2) == [1, 2] }} {{ none == none }} {{ 'a' != 'b' }} {{ missing == missing2 }} {{ missing == none }}
{{ 1 < 'a' }}
{{ none < 1 }}
{{ missing < 1 }}
{{ 1 in list }} {{ 9 in list }} {{ 9 not in list }} {{ 'ow' in 'low' }} {{ 'b' in map }} {{ 'x' in missing }} {{ '' in 'a' }} {{ [1, 2] in nested }} {{ not 1 in list }}
{{ 1 in 'abc' }}
{{ 1 in 5 }}
{{ missing in 'abc' }}
{{ 0 or 'x' }} {{ '' and 'x' }} {{ 1 and 2 }} {{ none or false }} {{ yes and not no or no }} {{ [] or {} }} {{ missing or 'd' }}
{{ 'a' if yes else 'b' }} {{ 'a' if no else 'b' }} [{{ 'a' if no }}] {{ 1 if no else 2 if no else 3 }} {{ ('a' if no) is undefined }}
{{ name[0] }} {{ name[-1] }} {{ name[1:3] }} {{ name[::-1] }} {{ name[-3:] }} {{ name[:-3] }} {{ name[::3] }} {{ name[5:1:-1] }} {{ name[100:] }}|
{{ list[0] }} {{ list[-1] }} {{ list[1:] }} {{ list[::-1] }} {{ list[:1] }} {{ list[-2:] }} {{ list[2:0:-1] }} {{ list[-100:100] }} {{ list[5::-2] }} {{ (1, 2, 3)[1:] }} {{ list[none:2] }}
{{ list[::0] }}
{{ emoji[1] }} {{ emoji[::-1] }} {{ emoji|length }} {{ emoji[2:4] }} {{ emoji.find('b') }} {{ emoji[-1] }} {{ emoji|list }}
{{ map['b'] }} {{ map.b }} {{ map['items'] is defined }} {{ map.items is callable }} {{ map.get('b') }} {{ map.get('z') }} {{ map.get('z', 5) }} {{ nested.0.1 }} {{ nested[1][0] }}
{{ {'items': 1}.items is callable }} {{ {'items': 1}['items'] }} {{ {1: 'a'}[1.0] }} {{ {true: 'a', 1: 'b'} }} {{ {'a': 1, 'a': 2} }}
{% for k, v in map.items() %}{{ k }}={{ v }};{% endfor %}{% for k in map %}{{ k }}{% endfor %}{% for v in map.values() %}[{{ v }}]{% endfor %}{% for k in map.keys() %}{{ k }}{% endfor %}
{% for m in messages %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.depth }} {{ loop.previtem.role if loop.previtem is defined }}>{{ loop.nextitem.content if not loop.last else '-' }};{% endfor %}
{% for m in messages if m.role == 'user' %}{{ loop.index }}/{{ loop.length }} {{ m.content }},{% else %}none{% endfor %}{% for x in [] %}a{% else %}empty{% endfor %}{% for x in list if x > 5 %}a{% else %}nothing{% endfor %}
{% for x in missing %}a{% else %}undefined is empty{% endfor %}
{% for x in null %}a{% endfor %}
{% for x in 5 %}a{% endfor %}
{% for c in 'abc' %}{{ c }}-{% endfor %}{% for a, b in nested %}{{ a + b }} {% endfor %}{% for (a, b) in nested %}{{ a }}{% endfor %}{% for a, (b, c) in [[1, [2, 3]]] %}{{ a }}{{ b }}{{ c }}{% endfor %}
{% for a, b in [[1, 2, 3]] %}{% endfor %}
{% for a, b in [[1]] %}{% endfor %}
{% for a, b in [1] %}{% endfor %}
{% for x in range(5) %}{% if x == 1 %}{% continue %}{% endif %}{% if x == 3 %}{% break %}{% endif %}{{ x }}{% endfor %}|{% for i in range(2) %}{% for j in range(3) %}{% if j == 1 %}{% break %}{% endif %}{{ i }}{{ j }} {% endfor %}{% endfor %}
{% for x in range(3) %}{{ loop.cycle('a', 'b') }}{{ loop.changed(x // 2) }}{% endfor %}
{% set x = 1 %}{% for i in list %}{{ x }}{% set x = i %}{{ x }};{% endfor %}{{ x }}
{% for i in list %}{{ y is defined }}{% set y = i %}{% endfor %}{{ y is defined }}
{% if yes %}{% set z = 5 %}{% endif %}{{ z }}{% if no %}{% set w = 5 %}{% endif %}{{ w is defined }}
{% set ns = namespace(count=0, last='') %}{% for i in list %}{% set ns.count = ns.count + i %}{% set ns.last = i %}{% endfor %}{{ ns.count }} {{ ns.last }} {{ ns.none is defined }} {{ ns['count'] }}
{% set ns = namespace({'a': 1}, b=2) %}{{ ns.a }}{{ ns.b }}{% set ns.c = 3 %}{{ ns.c }}
{% set map.x = 1 %}
{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set c = 1, %}{{ c }}{% set (d, e) = [3, 4] %}{{ d + e }}
{% set block %}x{{ name }}{% set inner = 1 %}{% endset %}[{{ block }}]{{ inner is defined }}{% set up | upper | replace('A', '_') %}banana{% endset %}{{ up }}
{% if no %}a{% elif zero %}b{% elif seven %}c{% else %}d{% endif %}{% if no %}{% else %}e{% endif %}
{% if 1, 2 %}tuple{% endif %}
{% macro greet(who, greeting='Hello', mark=greeting[0]) %}{{ greeting }} {{ who }}{{ mark }}{% endmacro %}{{ greet('Bo') }} {{ greet('Bo', 'Hi') }} {{ greet(who='Al', mark='!') }} {{ greet() }}|{{ greet('a') | length }}
{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}
{% macro m(a) %}{% endmacro %}{{ m(b=2) }}
{% macro m(a) %}{% endmacro %}{{ m(1, a=2) }}
{% macro m(a) %}{{ a }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, 3, x=4) }}
{% macro fact(n) %}{{ 1 if n < 2 else n * (fact(n - 1) | int) }}{% endmacro %}{{ fact(10) }}
{% macro m() %}{{ later }}{% endmacro %}{% set later = 'seen' %}{{ m() }}{% macro n() %}{% set later = 'x' %}{% endmacro %}{{ n() }}{{ later }}
{% macro m(x) %}{{ x.y }}{% endmacro %}{{ m() }}
{% for i in range(2) %}{% macro inner() %}{{ i }}{% endmacro %}{{ inner() }}{% endfor %}
{{ greet2(*[1, 2], **{'x': 3}) if false }}{% macro m(a, b, c) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m(*[1, 2], **{'c': 3}) }}{{ m(1, *[2], c=4) if false }}
{% filter upper %}abc{{ name }}{% endfilter %}{% filter replace('a', 'b') | upper %}banana{% endfilter %}
{% with a = 1, b = 2 %}{{ a }}{{ b }}{% set c = 3 %}{% endwith %}{{ a is defined }}{{ c is defined }}{% with %}{% set q = 1 %}{{ q }}{% endwith %}
{% raw %}{{ not rendered }} {% if %}{% endraw %} {%- raw -%}  x  {%- endraw -%} y
a {# comment {{ x }} #} b {#- strip -#} c
{{ 'multi' 'part' }} {{ "a\u00e9\x41\101\q\
b" }}
{{ text|trim }}|{{ text.strip() }}|{{ text.lstrip() }}|{{ text.rstrip() }}|{{ 'xxaxx'.strip('x') }}|{{ 'xyaxy'|trim('xy') }}|{{ '\x1c a\x1f'.strip() }}|{{ none|trim }}|{{ 5|trim }}
{{ text.split() }} {{ 'a,b,,c'.split(',') }} {{ 'a,b,c'.split(',', 1) }} {{ 'a,b,c'.rsplit(',', 1) }} {{ ' a  b c '.split(none, 1) }} {{ ' a  b c '.rsplit(None, 1) }} {{ ''.split() }} {{ ''.split(',') }} {{ 'a b'.split(' ')[-1] }} {{ 'aXXbXXc'.split('XX')[1:] }} {{ 'a b c'.split(maxsplit=1) }}
{{ 'a'.split('') }}
{{ 'abc'.startswith('ab') }} {{ 'abc'.endswith('bc') }} {{ 'abc'.startswith(('x', 'a')) }} {{ 'abc'.startswith('b', 1) }} {{ 'abc'.endswith('b', 0, 2) }} {{ 'abc'.startswith('') }}
{{ 'aAbB'.upper() }} {{ 'aAbB'.lower() }} {{ 'hello wORLD-foo it\'s'.title() }} {{ 'hELLO wORLD'.capitalize() }} {{ 'aB'.swapcase() }} {{ 'ÉÀ'.lower() }} {{ 'abc'.islower() }} {{ 'A1'.isupper() }} {{ '12'.isdigit() }} {{ 'ab'.isalpha() }} {{ 'a1'.isalnum() }} {{ ' \t'.isspace() }} {{ ''.isdigit() }}
{{ 'aaa'.replace('a', 'b', 2) }} {{ 'abc'.replace('', '-') }} {{ 'abc'.replace('', '-', 2) }} {{ 'aaa'.replace('aa', 'b') }} {{ 'é🦙'.replace('🦙', 'x') }} {{ ''.replace('', 'x') }}
{{ ', '.join(['a', 'b']) }} {{ ''.join([]) }} {{ '-'.join('abc') }}
{{ ','.join([1, 2]) }}
{{ 'banana'.find('an') }} {{ 'banana'.find('an', 2) }} {{ 'banana'.rfind('an') }} {{ 'banana'.find('x') }} {{ 'banana'.count('an') }} {{ 'banana'.count('') }} {{ 'banana'.index('n') }} {{ 'banana'.find('a', -2) }} {{ 'banana'.count('a', 1, 4) }} {{ 'banana'.find('', 10) }}
{{ 'banana'.index('x') }}
{{ 'a\nb\r\nc\n'.splitlines() }} {{ 'a\nb\n'.splitlines(true) }} {{ ''.splitlines() }} {{ '\n'.splitlines() }}
{{ 'a-b-c'.partition('-') }} {{ 'a-b-c'.rpartition('-') }} {{ 'abc'.partition('-') }} {{ 'abc'.rpartition('-') }} {{ 'foobar'.removeprefix('foo') }} {{ 'foobar'.removesuffix('bar') }} {{ 'foobar'.removeprefix('x') }}
{{ 'x'.ljust(3) }}|{{ 'x'.rjust(3, '.') }}|{{ 'x'.center(4, '*') }}|{{ '7'.zfill(3) }}|{{ '-7'.zfill(4) }}|{{ 'ab'.center(5) }}|{{ 'abc'.center(2) }}
{{ '{} {}'.format(1, 'a') }} {{ '{0}{1}{0}'.format('a', 'b') }} {{ '{x}'.format(x=5) }} {{ '{{}}'.format() }} {{ '{:>5}|{:<5}|{:^5}|{:05d}|{:.2f}|{:,}'.format('a', 'b', 'c', 42, 3.14159, 1234567) }} {{ '{!r}'.format('a') }} {{ '{:x}'.format(255) }} {{ '{:+d}'.format(3) }} {{ '{:*^7}'.format('mid') }}
{{ '%s is %d and %.2f%%' % ('a', 5, 1.005) }} {{ '%s' % 'x' }} {{ '%5s|%-5s|%05d' % ('a', 'b', 42) }} {{ '%(k)s' % {'k': 'v'} }} {{ '%r' % ('a',) }} {{ '%x %X %o' % (255, 255, 8) }} {{ '%d' % 3.9 }} {{ '%+d' % 3 }} {{ '%s' % none }}
{{ '%s' % () }}
{{ '%s' % (1, 2) }}
{{ '%d' % 'a' }}
{{ "%s-%s" | format('a', 1) }} {{ "%(a)s" | format(a=2) }}
{{ list|length }} {{ name|count }} {{ map|length }} {{ missing|length }} {{ ''|length }}
{{ 5|length }}
{{ none|length }}
{{ name|upper }} {{ name|lower }} {{ 'foo bar-baz (qux) it\'s'|title }} {{ 'fOO bar'|capitalize }} {{ 5|upper }} {{ missing|upper }}|
{{ list|join }} {{ list|join(', ') }} {{ people|join(',', attribute='name') }} {{ 'abc'|join('-') }} {{ []|join(',') }} {{ [1, none, true]|join('|') }}
{{ missing|default('d') }} {{ ''|default('d') }}| {{ ''|default('d', true) }} {{ none|d('x') }} {{ none|d('x', boolean=true) }} {{ missing|d }}| {{ map.zz|default({}) }} {{ missing|default }}|
{{ missing.a|default('d') }}
{{ map|tojson }} {{ list|tojson }} {{ 'é"\\/\n\u0001\u007f🦙'|tojson }} {{ none|tojson }} {{ 1.0|tojson }} {{ 1e20|tojson }} {{ true|tojson }} {{ (1, 2)|tojson }} {{ {1: 2, none: 3, true: 4, 1.5: 6}|tojson }} {{ []|tojson }} {{ {}|tojson }} {{ '<a>&\''|tojson }}
{{ map|tojson(indent=2) }} {{ [[], {}, [1]]|tojson(indent=4) }} {{ map|tojson(sort_keys=true) }} {{ map|tojson(separators=(',', ':')) }} {{ 'é🦙\x7f'|tojson(ensure_ascii=true) }} {{ [1, 2]|tojson(indent=0) }} {{ {'a': [1]}|tojson(indent='--') }}
{{ missing|tojson }}
{{ people|map(attribute='name')|list }} {{ people|map(attribute='home.city')|list }} {{ people|map(attribute='home.city', default='?')|join(',') }} {{ words|map('upper')|list }} {{ words|map('replace', 'p', 'q')|join(' ') }} {{ nested|map('join', '-')|list }} {{ nested|map(attribute=1)|list }} {{ nested|map('first')|list }}
{{ list|select('odd')|list }} {{ list|reject('odd')|list }} {{ [0, 1, '', none, 'a']|select|list }} {{ [0, 1]|reject|list }} {{ list|select('greaterthan', 1)|list }} {{ list|select('in', [1, 2])|list }} {{ words|reject('equalto', 'fig')|list }} {{ list|select('>', 2)|list }}
{{ people|selectattr('age', 'equalto', 30)|map(attribute='name')|list }} {{ people|rejectattr('age', 'gt', 25)|map(attribute='name')|list }} {{ people|selectattr('home')|map(attribute='name')|list }} {{ people|selectattr('home.city', 'defined')|list|length }} {{ messages|selectattr('role', '==', 'user')|list|length }} {{ messages|selectattr('role', 'in', ['user'])|map(attribute='content')|join('+') }}
{{ 'abc'|list }} {{ map|list }} {{ range(3)|list }} {{ (1, 2)|list }} {{ missing|list }}
{{ 5|string }} {{ none|string }} {{ [1]|string + 'x' }} {{ 1.50|string }}
{{ '42'|int }} {{ ' 42 '|int }} {{ '4.7'|int }} {{ 'x'|int }} {{ 'x'|int(9) }} {{ 4.9|int }} {{ -4.9|int }} {{ '0x1f'|int(base=16) }} {{ '1f'|int(0, 16) }} {{ none|int }} {{ true|int }} {{ '1_000'|int }} {{ '-5'|int }} {{ '1e3'|int }} {{ ''|int }} {{ [1]|int(3) }}
{{ '4.5'|float }} {{ 'x'|float }} {{ 'x'|float(1.5) }} {{ 3|float }} {{ '1e3'|float }} {{ none|float }} {{ ' 2 '|float }} {{ 'inf'|float }} {{ '-Infinity'|float }} {{ 'nan'|float }}
{{ missing|int }}
{{ list|first }} {{ list|last }} {{ 'abc'|first }} {{ 'abc'|last }} {{ []|first }}| {{ []|first is undefined }} {{ map|first }}
{{ 'banana'|replace('a', 'o') }} {{ 'banana'|replace('a', 'o', 1) }} {{ 12321|replace(2, 'x') }}
{{ 2.5|round }} {{ 3.5|round }} {{ 2.675|round(2) }} {{ 0.125|round(2) }} {{ 42|round }} {{ 42.55|round(1, 'floor') }} {{ 42.51|round(1, 'ceil') }} {{ -2.5|round }} {{ 1.005|round(2) }} {{ 2.4|round|int }} {{ 1e20|round(1) }} {{ 0.5|round }} {{ -0.4|round }}
{{ list|sort }} {{ words|sort }} {{ words|sort(case_sensitive=true) }} {{ list|sort(reverse=true) }} {{ people|sort(attribute='age')|map(attribute='name')|list }} {{ people|sort(attribute='age', reverse=true)|map(attribute='name')|list }} {{ people|sort(attribute='name')|map(attribute='name')|list }} {{ 'bca'|sort }}
{{ [1, 'a']|sort }}
{{ list|reverse|list }} {{ 'abc🦙'|reverse }} {{ words|unique|list }} {{ words|unique(case_sensitive=true)|list }} {{ [1, 1.0, true, 2]|unique|list }} {{ people|unique(attribute='age')|map(attribute='name')|list }}
{{ map|dictsort }} {{ {'b': 1, 'A': 2}|dictsort }} {{ {'b': 1, 'A': 2}|dictsort(true) }} {{ {'b': 1, 'A': 2}|dictsort(by='value') }} {{ {'b': 1, 'A': 2}|dictsort(reverse=true) }}
{{ map|items|list }} {{ missing|items|list }}
{{ list|items|list }}
{{ 'a\nb\n\nc'|indent }}|{{ 'a\nb'|indent(2, true) }}|{{ 'a\n\nb'|indent(2, blank=true) }}|{{ 'a\nb'|indent('> ') }}|{{ 'a\nb\n'|indent(1) }}|
{{ '<a href="x">\'&'|e }} {{ '<b>'|escape }} {{ '<b>'|safe }} {{ 5|e }}
{{ list|sum }} {{ people|sum(attribute='age') }} {{ [0.1, 0.2]|sum }} {{ []|sum }} {{ list|sum(start=10) }} {{ list|min }} {{ list|max }} {{ words|min }} {{ words|max }} {{ people|max(attribute='age') }} {{ []|min }}| {{ -5|abs }} {{ -5.5|abs }}
{{ 'a b  c-d é'|wordcount }} {{ 'x'|center(5) }}| {{ 'foo bar baz qux'|truncate(9) }} {{ 'foo bar baz qux'|truncate(9, true) }} {{ 'foo bar baz qux'|truncate(11) }} {{ 'foo bar baz qux'|truncate(9, false, '..', 0) }}
{{ map|attr('items') is callable }} {{ map|attr('b') is defined }}
{{ 1 is odd }} {{ 2 is even }} {{ 6 is divisibleby 3 }} {{ 6 is divisibleby(4) }} {{ 1 is equalto 1 }} {{ 1 is eq 1.0 }} {{ 1 is ne 2 }} {{ 1 is lt 2 }} {{ 3 is ge 3 }} {{ 1 is in [1, 2] }} {{ 1 is not in [1, 2] }} {{ 1 is sameas 1 }} {{ none is sameas none }} {{ 'abc' is lower }} {{ 'ABC' is upper }}
{{ yes is true }} {{ yes is false }} {{ 1 is true }} {{ no is false }} {{ yes is boolean }} {{ 1 is boolean }} {{ 1 is integer }} {{ true is integer }} {{ 1.0 is integer }} {{ 1.0 is float }} {{ 1 is float }} {{ 1 is number }} {{ true is number }} {{ 'a' is number }} {{ none is none }} {{ missing is none }} {{ 0 is none }}
{{ missing is defined }} {{ missing is undefined }} {{ map.zz is defined }} {{ map.b is not defined }} {{ name is string }} {{ 1 is string }} {{ map is mapping }} {{ list is mapping }} {{ list is iterable }} {{ name is iterable }} {{ 1 is iterable }} {{ missing is iterable }} {{ list is sequence }} {{ map is sequence }} {{ name is sequence }} {{ 1 is sequence }} {{ range is callable }} {{ name is callable }}
{{ list is string and name is string }} {{ list is not string or no }} {{ (list is sequence) and yes }} {{ 'x' if name is string else 'y' }} {{ [1] is sequence }} {{ not missing is defined }}
{{ 1 is nosuchtest }}
{{ 1|nosuchfilter }}
{{ range(3)|list }} {{ range(1, 4)|list }} {{ range(5, 0, -2)|list }} {{ range(0)|list }} {{ range(3)[-1] }} {{ range(5)|length }} {{ dict(a=1, b='x') }} {{ dict({'a': 1}, b=2) }} {{ dict([['a', 1]]) }}
{{ range(1.5) }}
{{ range(1, 2, 0) }}
{{ raise_exception('custom ' ~ 'message') }}
{{ strftime_now('%d %b %Y') }} {{ strftime_now('%A %a %B %m %H:%M:%S %y %j %p %I %-d %-m %% %e|%F|%T|%D|%u|%w|%U|%W|%V|%C|%R|%x|%X|%c|%Z|%h|%n|%k|%l|%-I|%P|%G') }}
{{ [1, 2].append(3) }}
{{ {'a': 1}.update({'b': 2}) }}
{{ map.pop('a') }}
{{ list.index(1) }} {{ list.count(1) }} {{ (1, 1).count(1) }} {{ list.copy() }}
{{ list.index(9) }}
{{ ''.__class__ }}
{{ name.__class__.__mro__ }}
{% do list.append(1) %}
{% include 'x' %}
{% import 'x' as y %}
{% if %}{% endif %}
{% if yes %}
{% endif %}
{% for x in list %}{% if x %}{% endfor %}
{% unknown %}
{{ 1 + }}
{{ (1 }}
{{ 1 ) }}
{{ 'abc }}
{{ a b }}
{{ x if }}
{{ [1, 2 }}
{{ {'a' 1} }}
{{ 1
{# open
{% raw %} open
{% break %}
{% set 5 = 1 %}
{% set none = 1 %}
{{ loop }}|{{ 5 is is none }}
{{ 1 is defined is none }}
{{ f(a=1, 2) }}
{% macro m(a=1, b) %}{% endmacro %}
{{ "}}" }} {{ '%}' }} {{ {'a': {'b': 1}}}} {% set x = '%}' %}{{ x }}
{%- if yes -%}  trimmed  {%- endif -%}  tail
{%+ if yes %}x{%+ endif %}y
{{- 1 -}}  {{ 2 -}}  3  {{- 4 }}
{{ 01 }}
{{ 1.e }}{{ list.0 }}
{{ 9223372036854775807 }} {{ -9223372036854775807 - 1 }} {{ 9223372036854775807 // -1 }}
{{ [1, 2,] }} {{ {'a': 1,} }} {{ (1, 2,) }} {{ () }} {{ (1) }}
{{ 1, 2 }} {{ 'a', }}
{{ {'a': 1}.a }} {{ [1, 2][0] }} {{ 'abc'[1] }} {{ 'abc'.upper().lower() }} {{ ('a' + 'b').upper() }} {{ 'a'.upper()|lower }}
{{ 'a' 'b'|upper }} {{ -1|abs }} {{ (-1)|abs }} {{ 1 + 2|string|length }} {{ not yes|length if false else 3 }}
{{ namespace is callable }} {{ 'x' in ['x'] and 'y' not in ['x'] }} {{ 1 if 2 in [2] else 0 }}
{{ content }}{% set content = 'later' %}{{ content }}
{{ map.c.d }} {{ map['c']['d']|upper }} {{ map.get('c').d }} {{ map.a[2] }} {{ people[0].home.city }} {{ people[2].home.city }}| {{ people[-1]['name'] }} {{ messages[0]['role'] == 'user' }}
{{ 'ß'.lower() }}
{{ name is defined if yes }} {{ 'x' * 0 }}| {{ 'x' * -1 }}| {{ [] * 3 }} {{ 3 * [0] }}
{{ true and 'a' or 'b' }} {{ 'a' == 'a' and 'b' != 'c' }} {{ (1 < 2) == true }} {{ 1 == 1 == 1 }} {{ 3 > 2 > 1 }} {{ 'a' in 'abc' in ['abc'] }}
"""

SPACING = [
    "  {% if yes %}\n    a\n  {% endif %}\nb\n",
    "{% if yes %}\n\n  a{% endif %}  \n",
    "x {% if yes %} a {% endif %} y",
    "  {{ name }}  \n  {{ name }}\n",
    "a\n  {# c #}\nb\n\n",
    "a\n  {# c #} b",
    "  {%+ if yes %}a{% endif +%}\nb",
    "{% if yes -%}\n   a\n   {%- endif %}\n  b",
    "a  \n\n {{- name -}} \n b",
    "a\r\n{% if yes %}\r\nb\rc{% endif %}\r\n",
    "\n\n{% set x = 1 %}\n\n{{ x }}\n\n",
    "{{ name }}   {% set x = 1 %}\n   {% set y = 2 %}  \nz",
    "{% for i in list %}\n  {{ i }}\n{% endfor %}\n",
    "{% for i in list %}\n  {{ i }},\n  {%- if loop.last %} end\n  {%- endif %}\n{% endfor %}\n",
    "  {% raw %}\n  {{ x }}\n  {% endraw %}\n  b",
    " {%- raw -%}\n a \n{%- endraw -%}\n b",
    "{#- a -#}\n  {#+ b +#}\n{# c -#}  d",
    "\t{% set a = 1 %}\t{% set b = 2 %}\n\t{{ a }}",
    "a {%- set a = 1 -%} b {{- a -}} c {#- x -#} d",
    "{% macro m() %}\n  x\n{% endmacro %}\n[{{ m() }}]",
    "{% set s %}\n  x\n{% endset %}\n[{{ s }}]",
    "{{\n  name\n  |\n  upper\n}}\n",
    "{%\n if\n yes\n %}\nx\n{%\n endif\n %}\n",
    "<{% if yes %}{% endif %}>\n{% if no %}x{% endif %}\n>",
    "\x0b {% set a = 1 %}\n\u2003{% set b = 1 %}.",
    "line\n{{ missing.a }}\n",
    "",
    "\n",
    "{",
    "{ { x } } {{ '{' }}{",
    "한국어 {{ emoji }} 🦙",
]


def environment():
    result = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[jinja2.ext.loopcontrols]
    )

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    now = datetime.datetime(2026, 3, 14, 15, 9, 26)
    result.filters["tojson"] = tojson
    result.globals["raise_exception"] = raise_exception
    result.globals["strftime_now"] = now.strftime
    return result


def templates():
    case = ""
    for line in CASES.strip("\n").split("\n"):
        case += line
        if case.endswith("\\"):
            case += "\n"
            continue
        yield case
        case = ""
    yield from SPACING


def main():
    lines = [json.dumps({"variables": VARIABLES}, ensure_ascii=False)]
    for template in templates():
        case = {"template": template}
        try:
            case["rendered"] = environment().from_string(template).render(**VARIABLES)
        except Exception as error:  # every kind of error is a result here
            case["error"] = str(error)
        lines.append(json.dumps(case, ensure_ascii=False))
    path = pathlib.Path(__file__).with_suffix(".jsonl")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
