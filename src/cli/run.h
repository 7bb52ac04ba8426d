/* run.h -- a command at work: what it writes goes out report by report, so that one bad path costs nothing
 * but its own place. */
#ifndef ARI_CLI_RUN_H
#define ARI_CLI_RUN_H

#include "cli/options.h"
#include "cli/output.h"
#include "cli/sandbox.h"

typedef struct cli_run {
    const cli_options *o;
    ari_catalogue *catalogue; /* With the user's own. */
    ari_model **prints;       /* malloc'd: the capsules among these, for their fingerprints. */
    size_t print_count;
    cli_output out;
    bool array; /* JSON reports stand in an array. */
    size_t written;
    sandbox sandbox;
    bool failed;    /* Something could not be answered: status 2. */
    bool answer_no; /* Status 1. */
} cli_run;

/* Give up what is not needed, and open the catalogue; then open the output; or both. False, and refused, when
 * that fails. run_end either way. */
bool run_contain(cli_run *r, const cli_options *o);
bool run_open(cli_run *r);
bool run_begin(cli_run *r, const cli_options *o);
/* The exit status. */
int run_end(cli_run *r);

/* Before there is anything to write to: one line on standard error, and in JSON an object on standard output,
 * unless a file was asked for. path is NULL where it is none that is at fault. */
void run_refuse(const cli_options *o, const char *path, const ari_err *err);

/* No file will be opened any more. */
void run_seal(cli_run *r);

void run_write(cli_run *r, const char *report);
/* What inspect says of a model; malloc'd. */
ari_status run_inspection(const cli_run *r, const ari_model *model, char **text, ari_err *err);
/* One line on standard error, and status 2. */
void run_complain(cli_run *r, const char *path, const ari_err *err);
/* On standard error, where a report has no place for it: of a capsule there is no more than headers. */
void run_tell_absent(const cli_run *r, const char *path, const ari_model *model);
/* The same, and in JSON an object in the report's place. */
void run_error(cli_run *r, const char *path, const ari_err *err);

/* What a path names: checkpoints, or a model of the catalogue. An existing path comes first, then a model
 * that another program keeps here, then the catalogue's name; "catalogue:NAME" is only that. */
typedef struct cli_subject {
    const char *path; /* As given. */
    ari_set *set;     /* NULL of a catalogued model. */
    const char *name; /* Of the catalogued model. */
    ari_err err;      /* Where it is neither. */
} cli_subject;

void subject_find(const cli_run *r, const char *path, cli_subject *out);
/* The number of models; of an error one, its object. */
size_t subject_count(const cli_subject *s);
/* Fails with USAGE where there are alternatives: they are listed, and one has to be chosen. */
ari_status subject_need_one(const cli_subject *s, ari_err *err);
/* Within a guard. */
ari_status subject_open(const cli_run *r, const cli_subject *s, size_t i, ari_model **out, ari_err *err);
void subject_free(cli_subject *s);

#endif
