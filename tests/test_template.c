/* Chat templates: what is found in them, and what is let pass. The hostile ones are the published ways out of
 * Jinja's sandbox; the others are pieces of templates that models have. */
#include "audit/template.h"

#include <criterion/criterion.h>

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
    cr_expect(f.count > 0 && (n == f.count || (n == 0 && f.count == 1)), "%s", text);
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
