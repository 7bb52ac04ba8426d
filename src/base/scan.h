/* scan.h -- how far bytes are plain: sixteen at once where the machine can, one by one elsewhere, and the
 * same answer from both. */
#ifndef ARI_BASE_SCAN_H
#define ARI_BASE_SCAN_H

#include <stddef.h>
#include <stdint.h>

/* Where the first byte is that a JSON string cannot hold as it stands, or that asks for a second look: a
 * quote, a backslash, a control character, any that is not ASCII. n where there is none. */
size_t scan_string(const uint8_t *bytes, size_t n);
size_t scan_string_plainly(const uint8_t *bytes, size_t n);

/* Where the first byte is that is no visible character of ASCII. n where there is none. */
size_t scan_visible(const uint8_t *bytes, size_t n);
size_t scan_visible_plainly(const uint8_t *bytes, size_t n);

#endif
