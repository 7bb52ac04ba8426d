/* compile-sandbox.c -- a tool of the build: the system calls of src/cli/sandbox.def as programs for the
 * kernel, in C, on standard output. They are of the machine that it runs on. */
#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>

static const char *const calls[] = {
#define CALL(name) #name,
#include "cli/sandbox.def"
#undef CALL
};

static const char *const output_calls[] = {
#define OUTPUT(name) #name,
#include "cli/sandbox.def"
#undef OUTPUT
};

static const char *const last_calls[] = {
#define LAST(name) #name,
#include "cli/sandbox.def"
#undef LAST
};

/* Allowed where an argument has these bits only. */
typedef struct in_part {
    const char *call;
    unsigned argument;
    scmp_datum_t mask, value;
} in_part;

static const in_part parts[] = {
#define IN_PART(call, argument, mask, value) { #call, argument, mask, value },
#include "cli/sandbox.def"
#undef IN_PART
};

/* For reading, where no report is written. */
static const in_part openings[] = {
#define OPEN(call, argument) { #call, argument, O_ACCMODE | O_CREAT | O_TRUNC, 0 },
#include "cli/sandbox.def"
#undef OPEN
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static bool rule(scmp_filter_ctx f, uint32_t action, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int number = seccomp_syscall_resolve_name(names[i]);
        if (number >= 0 && seccomp_rule_add(f, action, number, 0) != 0) return false;
    }
    return true;
}

static bool allow_in_part(scmp_filter_ctx f, const in_part *p, size_t count, bool whole)
{
    for (size_t i = 0; i < count; i++) {
        int number = seccomp_syscall_resolve_name(p[i].call);
        scmp_datum_t mask = whole ? 0 : p[i].mask, value = whole ? 0 : p[i].value;
        struct scmp_arg_cmp bits = SCMP_CMP(p[i].argument, SCMP_CMP_MASKED_EQ, mask, value);
        if (number >= 0 && seccomp_rule_add(f, SCMP_ACT_ALLOW, number, 1, bits) != 0) return false;
    }
    return true;
}

/* Threads are made by clone: of what clone3 asks, a filter sees nothing. */
static bool working(scmp_filter_ctx f, bool writes)
{
    return allow_in_part(f, parts, LENGTH(parts), false) &&
           allow_in_part(f, openings, LENGTH(openings), writes) &&
           seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0 &&
           rule(f, SCMP_ACT_ALLOW, calls, LENGTH(calls)) &&
           (!writes || rule(f, SCMP_ACT_ALLOW, output_calls, LENGTH(output_calls)));
}

static bool reading(scmp_filter_ctx f)
{
    return working(f, false);
}

static bool writing(scmp_filter_ctx f)
{
    return working(f, true);
}

static bool sealed(scmp_filter_ctx f)
{
    return rule(f, SCMP_ACT_ERRNO(EPERM), last_calls, LENGTH(last_calls));
}

static bool print_program(FILE *program, const char *name)
{
    struct sock_filter step;
    size_t steps = 0;
    rewind(program);
    printf("\nstatic struct sock_filter %s_steps[] = {\n", name);
    for (; fread(&step, sizeof(step), 1, program) == 1; steps++)
        printf("    { %u, %u, %u, %uu },\n", step.code, step.jt, step.jf, step.k);
    printf("};\nconst struct sock_fprog filter_%s = { %zu, %s_steps };\n", name, steps, name);
    return steps > 0 && steps <= BPF_MAXINSNS && !ferror(program);
}

/* A tree is searched for a call, not a list. */
static bool compile(const char *name, uint32_t otherwise, bool (*rules)(scmp_filter_ctx f))
{
    FILE *program = tmpfile();
    scmp_filter_ctx f = seccomp_init(otherwise);
    bool ok = program != NULL && f != NULL && seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2) == 0 &&
              rules(f) && seccomp_export_bpf(f, fileno(program)) == 0 && print_program(program, name);
    if (f != NULL) seccomp_release(f);
    if (program != NULL) fclose(program);
    return ok;
}

int main(void)
{
    puts("/* Made by compile-sandbox of src/cli/sandbox.def. */\n#include \"cli/filter.h\"");
    bool ok = compile("reading", SCMP_ACT_ERRNO(EPERM), reading) &&
              compile("writing", SCMP_ACT_ERRNO(EPERM), writing) && compile("sealed", SCMP_ACT_ALLOW, sealed);
    if (!ok) fputs("compile-sandbox: libseccomp makes no filter of src/cli/sandbox.def\n", stderr);
    return ok && fflush(stdout) == 0 ? 0 : 1;
}
