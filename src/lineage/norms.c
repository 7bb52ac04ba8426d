#include "lineage/norms.h"

#include "measure/chance.h"

#include <math.h>
#include <stdlib.h>

enum { SHIFTS = 255, WIDTH_MOST = 1 << 20 };

typedef struct norming {
    ari_bank *a, *b;
    size_t width;
    float *raw;
    double *x, *y;              /* Centred, of length 1. */
    double shifted[SHIFTS + 1]; /* Sums over vectors, one a shift; the first is none. */
    ari_norms *out;
} norming;

double norms_expected(double mean_a, double sd_a, double mean_b, double sd_b)
{
    double a = sd_a / mean_a, b = sd_b / mean_b;
    return 1 / sqrt((1 + a * a) * (1 + b * b)) * (mean_a * mean_b < 0 ? -1 : 1);
}

static bool read_vector(norming *g, ari_bank *b, const ari_template *t, size_t k, double *out)
{
    ari_numbers n;
    const char *why;
    const ari_model *m = b->model;
    if (!numbers_open(m->checkpoint, &m->layout, t, k, &n, &why)) return false;
    if (n.rows != 1 || n.columns != g->width) return false;
    n.bytes_read = &b->bytes_read;
    numbers_read(&n, 0, 0, g->width, g->raw);
    for (size_t i = 0; i < g->width; i++) out[i] = (double)g->raw[i];
    return true;
}

typedef struct moments {
    double mean, sd;
} moments;

/* Centre and scale; false of a constant. */
static bool centre(double *x, size_t n, moments *out)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) sum += x[i];
    out->mean = sum / (double)n;
    for (size_t i = 0; i < n; i++) {
        x[i] -= out->mean;
        squares += x[i] * x[i];
    }
    out->sd = sqrt(squares / (double)n);
    if (!isfinite(squares) || squares <= 1e-20 * sum * sum / (double)n || squares <= 0) return false;
    for (size_t i = 0; i < n; i++) x[i] /= sqrt(squares);
    return true;
}

static double dot(const double *x, const double *y, size_t n, size_t shift)
{
    double sum = 0;
    for (size_t i = 0; i < n - shift; i++) sum += x[i] * y[i + shift];
    for (size_t i = n - shift; i < n; i++) sum += x[i] * y[i + shift - n];
    return sum;
}

static size_t shifts_of(size_t width)
{
    return width > SHIFTS ? SHIFTS : width < 3 ? 2 : width - 1;
}

static void add_pair(norming *g)
{
    moments a, b;
    size_t n = g->width, shifts = shifts_of(n);
    double xy = dot(g->x, g->y, n, 0), xx = dot(g->x, g->x, n, 0), yy = dot(g->y, g->y, n, 0);
    if (!centre(g->x, n, &a) || !centre(g->y, n, &b)) return;
    g->out->vectors++;
    g->out->cosine += xy / sqrt(xx * yy);
    g->out->expected += norms_expected(a.mean, a.sd, b.mean, b.sd);
    for (size_t s = 0; s <= shifts; s++) g->shifted[s] += dot(g->x, g->y, n, s * ((n - 1) / shifts));
}

static void add_template(norming *g, const ari_template *t)
{
    const ari_layout *l = &g->a->model->layout, *other = &g->b->model->layout;
    const ari_template *u = layout_find(other, t->pattern);
    if (u == NULL || u->component != g->b->component) return;
    for (size_t k = 0; k < t->count; k++) {
        const ari_place *p = layout_partner(other, u, &l->places[t->first + k], k);
        if (p == NULL || !read_vector(g, g->a, t, k, g->x)) continue;
        if (read_vector(g, g->b, u, (size_t)(p - &other->places[u->first]), g->y)) add_pair(g);
    }
}

static void conclude(norming *g)
{
    size_t shifts = shifts_of(g->width);
    double n = (double)g->out->vectors, mean = 0, squares = 0;
    g->out->cosine /= n;
    g->out->expected /= n;
    for (size_t s = 1; s <= shifts; s++) mean += g->shifted[s] / (double)shifts;
    for (size_t s = 1; s <= shifts; s++) squares += (g->shifted[s] - mean) * (g->shifted[s] - mean);
    g->out->rho = (g->shifted[0] - mean) / n;
    g->out->z = (g->shifted[0] - mean) / (sqrt(squares / (double)(shifts - 1)) + 1e-12);
    if (g->out->rho > 1) g->out->rho = 1;
    if (g->out->rho < -1) g->out->rho = -1;
    g->out->p = chance_deviation(fabs(g->out->z), shifts);
}

bool norms_test(ari_bank *a, ari_bank *b, ari_norms *out)
{
    norming g = { .a = a, .b = b, .width = (size_t)a->width, .out = out };
    *out = (ari_norms){ 0 };
    if (a->width != b->width || a->width < 16 || a->width > WIDTH_MOST) return true;
    g.raw = calloc(g.width, sizeof(float));
    g.x = calloc(g.width, sizeof(double));
    g.y = calloc(g.width, sizeof(double));
    bool ok = g.raw != NULL && g.x != NULL && g.y != NULL;
    const ari_layout *l = &a->model->layout;
    for (size_t i = 0; ok && i < l->template_count; i++) {
        const ari_template *t = &l->templates[i];
        bool norm = t->role == ARI_ROLE_NORM || t->role == ARI_ROLE_FINAL_NORM;
        if (norm && t->component == a->component && t->part != ARI_PART_BIAS) add_template(&g, t);
    }
    if (ok && out->vectors > 0) conclude(&g);
    free(g.raw);
    free(g.x);
    free(g.y);
    return ok;
}
