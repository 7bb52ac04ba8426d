/* scan_line.h -- the lines of a scan, archinspect/scan/1: made, and of an earlier one read.
 *
 *     {"schema","type":"begin","tool","paths","shard"}
 *     {"schema","type":"model","path","files":[{"path","bytes","mtime","inode"}],"report"}
 *     {"schema","type":"error","path","status","offset","message"}
 *     {"schema","type":"end","models","failed","skipped"}
 *
 * Where the last is missing, the scan was cut short. */
#ifndef ARI_CLI_SCAN_LINE_H
#define ARI_CLI_SCAN_LINE_H

#include "base/fingerprint.h"
#include "base/text.h"
#include "cli/options.h"

/* What of a model's line tells whether it is unchanged: path and files, as they are written there. */
typedef struct scan_subject {
    ari_text path, files;
} scan_subject;

void scan_subject_of(const crawl_item *item, scan_subject *out);
fingerprint scan_subject_print(const scan_subject *s);
void scan_subject_free(scan_subject *s);

/* Whole lines; to->failed where memory ran short. */
void scan_line_begin(ari_text *to, const cli_options *o, const ari_catalogue *catalogue);
void scan_line_model(ari_text *to, const scan_subject *s, const char *report);
void scan_line_error(ari_text *to, const char *path, const ari_err *what);
void scan_line_end(ari_text *to, uint64_t models, uint64_t failed, uint64_t skipped);

/* The subjects of all models in an earlier output; a line that is none, or cut, is passed over. Fails like
 * map_open, and with MALFORMED where there are lines and none is a scan's. */
ari_status scan_lines_read(const char *path, fingerprint_set *out, ari_err *err);

#endif
