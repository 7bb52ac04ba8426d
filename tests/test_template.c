/* Chat templates: what is found in them, and what is let pass. The hostile ones are the published ways out of
 * Jinja's sandbox; the others are pieces of templates that models have. */
#include "audit/template.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const hostile[] = {
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ ''['__cl' 'ass__'] }}{{ x['__class__'] }}",
    "{{ ''|attr('\\x5f\\x5fclass\\x5f\\x5f') }}",
    "{{ request|attr( 'application' ) }}",
    "{{ self._TemplateReference__context }}",
    "{% import 'os' as os %}",
    "{%- include 'other' -%}",
    "{{ ('%c' % 95) }}",
    "{{ eval ('1') }}",
    "{{ namespace.__init__ }}",
    "{{ lipsum . x }}",
    "{{ g.gi_frame.f_globals }}",
    "{{ x.mro() }}",
    "{{ '}}' ~ x.__class__ }}",
    "{{ \"\\\"\" ~ x.__class__ }}",
    "{{ x.__class__",
    /* Braces balance, raw text ends, letters hide behind their numbers, names are put together. */
    "{{ {'a':{}}['a'].__class__.__mro__ }}",
    "{% raw %}{#{% endraw %}{{ ''.__class__ }}{# #}",
    "{%- raw -%} {{ {%- endraw -%}{{ ''.__class__ }}",
    "{{ ''['\\x5F\\x5Fclass\\x5F\\x5F'] }}",
    "{{ ''['\\137\\137class'] }}",
    "{{ ''['_\\u005fclass'] }}",
    "{{ ''['\\U0000005f'] }}",
    "{{ ''['\\N{LOW LINE}'] }}",
    "{{ ''['__cl\\x61ss__'] }}",
    "{{ ''['x__class__'[1:]] }}",
    "{{ ''['__class__x'[:-1]] }}",
    "{{ ''['__cla' ~ 'ss__'] }}",
    "{{ ''[['_','_','class','_','_']|join] }}",
    "{{ '{0}{0}class{0}{0}'.format('_') }}",
    "{{ [x]|map(attribute=y) }}",
    "{{ [x]|map(attribute='a' ~ 'b') }}",
    "{{ self['_x'] }}",
    "{{ cycler['a'] }}",
    "{{ x.ag_frame }}",
};

static const char *const harmless[] = {
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] }}{% "
    "endfor %}",
    "{%- set ns = namespace(found=false) %}{% if loop.index0 == 0 and system_message is defined %}{% endif "
    "%}",
    "{{ raise_exception('System role not supported') }}{{ strftime_now('%d %b %Y') }}",
    "{{- '\\n\\nimport os; eval(open(x)) is what a tool might say: use self.x' }}",
    "Outside of any mark x.__class__ is text, and so is eval(x).",
    "{# a comment may say __class__ #}{{ messages }}",
    "{{ tool | tojson(indent=4) }}{{ a.self }}{{ open }}{{ systems(x) }}{{ __a }}{{ a__b__ }}",
    "{{ reopen(x) }}{{ message.content | trim }}{{ x[-1:] }}",
    "{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' "
    "}}{%- endif %}",
    "{{ strftime_now('%c') }}{{ '100%correct' }}",
    "{% macro input(m) %}{{ m }}{% endmacro %}{{ input(messages) }}",
    "{% block a %}{% endblock %}{{ self.a() }}{% set sys = ns.sys %}{{ sys.content }}",
    "{{ '\\n\\t\\\\ \\'quoted\\' \\u2581 \\uff5c' }}{{ m|map(attribute='content')|join(', ') }}",
    "{% raw %}{{ x.__class__ }}{% endraw %}",
    "{{ {'a': {'b': 1}} | tojson }}{{ message.os.x }}",
    "{",
    "{{",
    "",
};

static size_t reaches_in(const char *text)
{
    ari_arena arena = { 0 };
    ari_findings f = { .arena = &arena, .most = 50 };
    size_t n = 0;
    template_check(&f, span_of(text), "t", 100);
    for (size_t i = 0; i < f.count; i++) n += strcmp(f.items[i].id, "chat-template") == 0;
    /* It says one or the other. */
    cr_expect(f.count > 0 && (n == f.count || (n == 0 && f.count == 1)), "%.80s", text);
    if (n == 0) cr_expect(strstr(f.items[0].message, "not a proof of harmlessness") != NULL);
    findings_free(&f);
    arena_free(&arena);
    return n;
}

Test(template, ways_out_are_found)
{
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++)
        cr_expect(reaches_in(hostile[i]) > 0, "%s", hostile[i]);
}

Test(template, templates_of_models_are_let_pass)
{
    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
        cr_expect(reaches_in(harmless[i]) == 0, "%s", harmless[i]);
}

Test(template, the_place_is_that_of_the_word)
{
    ari_arena arena = { 0 };
    ari_findings f = { .arena = &arena, .most = 50 };
    template_check(&f, span_of("0123{{ eval(x) }}"), "t", 100);
    cr_assert(f.count == 1 && f.items[0].offset == 107);
    findings_free(&f);
    arena_free(&arena);
}

Test(template, many_are_counted)
{
    char text[64 * 20 + 1] = "";
    for (size_t i = 0; i < 64; i++) memcpy(text + i * 20, "{{ x.__class__ }}   ", 20);
    cr_expect(reaches_in(text) == 9, "eight, and one for the rest");
}

Test(template, takes_time_that_is_linear)
{
    enum { SIZE = 8 << 20 };
    static const char *const pieces[] = { "-__a", "{{ ",    "{% raw %}", "'\\",
                                          "{#",   "{{ [({", "__class__", "attribute=" };
    alarm(60);
    for (size_t k = 0; k < sizeof(pieces) / sizeof(pieces[0]); k++) {
        char *text = malloc(SIZE + 32);
        size_t n = strlen(pieces[k]), at = 4;
        memcpy(text, "{{ \"", 4);
        for (; at + n < SIZE; at += n) memcpy(text + at, pieces[k], n);
        text[at] = '\0';
        reaches_in(text);
        free(text);
    }
}
