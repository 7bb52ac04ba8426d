#include "base/hash.h"

#include <dlfcn.h>
#include <stdlib.h>

/* Of OpenSSL's libcrypto, 3.x, by their documented prototypes (EVP_DigestInit(3)). */
typedef const void *algorithm_fn(void);
typedef void *context_new_fn(void);
typedef void context_free_fn(void *);
typedef int begin_fn(void *, const void *, void *);
typedef int add_fn(void *, const void *, size_t);
typedef int end_fn(void *, unsigned char *, unsigned *);

enum { SHA256, SHA1, CONTEXT_NEW, CONTEXT_FREE, BEGIN, ADD, END, FUNCTIONS };

static const char *const names[FUNCTIONS] = { "EVP_sha256",        "EVP_sha1",          "EVP_MD_CTX_new",
                                              "EVP_MD_CTX_free",   "EVP_DigestInit_ex", "EVP_DigestUpdate",
                                              "EVP_DigestFinal_ex" };

struct hash_state {
    const hash_library *library;
    void *context;
    bool failed;
};

/* ISO C knows no way from an object pointer to a function; POSIX promises this one. */
#define CALL(l, type, i) (*(type **)(uintptr_t) & (l)->functions[i])

ari_status hash_load(hash_library *l, ari_err *err)
{
    *l = (hash_library){ .handle = dlopen("libcrypto.so.3", RTLD_NOW | RTLD_LOCAL) };
    if (l->handle == NULL) l->handle = dlopen("libcrypto.so", RTLD_NOW | RTLD_LOCAL);
    bool complete = l->handle != NULL;
    for (size_t i = 0; complete && i < FUNCTIONS; i++) {
        l->functions[i] = dlsym(l->handle, names[i]);
        complete = l->functions[i] != NULL;
    }
    if (complete) return ARI_OK;
    ari_fail(err, ARI_UNSUPPORTED, ARI_NO_OFFSET,
             "hashing needs OpenSSL's libcrypto.so.3, which is not here");
    return ari_hint(err, "install it (Debian: libssl3), or leave out --hash and --manifest");
}

void hash_unload(hash_library *l)
{
    if (l->handle != NULL) dlclose(l->handle);
    *l = (hash_library){ 0 };
}

hash_state *hash_begin(const hash_library *l, hash_kind kind)
{
    hash_state *s = calloc(1, sizeof(*s));
    if (s == NULL) return NULL;
    const void *algorithm = CALL(l, algorithm_fn, kind == HASH_SHA256 ? SHA256 : SHA1)();
    *s = (hash_state){ .library = l, .context = CALL(l, context_new_fn, CONTEXT_NEW)() };
    s->failed = s->context == NULL || CALL(l, begin_fn, BEGIN)(s->context, algorithm, NULL) != 1;
    return s;
}

void hash_add(hash_state *s, ari_span bytes)
{
    if (s == NULL || s->failed) return;
    s->failed = CALL(s->library, add_fn, ADD)(s->context, bytes.data, bytes.size) != 1;
}

bool hash_end(hash_state *s, uint8_t digest[HASH_MOST])
{
    if (s == NULL) return false;
    bool ok = !s->failed && CALL(s->library, end_fn, END)(s->context, digest, NULL) == 1;
    if (s->context != NULL) CALL(s->library, context_free_fn, CONTEXT_FREE)(s->context);
    free(s);
    return ok;
}

void hash_hex(const uint8_t *digest, size_t bytes, char *out)
{
    for (size_t i = 0; i < bytes; i++) {
        *out++ = "0123456789abcdef"[digest[i] >> 4];
        *out++ = "0123456789abcdef"[digest[i] & 15];
    }
    *out = '\0';
}

static int digit(uint8_t c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool hash_unhex(ari_span hex, size_t bytes, uint8_t *out)
{
    if (hex.size != 2 * bytes) return false;
    for (size_t i = 0; i < bytes; i++) {
        int high = digit(hex.data[2 * i]), low = digit(hex.data[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}
