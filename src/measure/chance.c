#include "measure/chance.h"

#include <math.h>
#include <string.h>

/* The few functions that libm has and that would be all it is loaded for: loading takes longer than most
 * models take to inspect. Good to some 1e-15. */
#define LN2 0.693147180559945309417232

double chance_ln(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof(bits));
    int exponent = (int)(bits >> 52 & 2047) - 1023;
    bits = (bits & UINT64_C(0xFFFFFFFFFFFFF)) | UINT64_C(1023) << 52;
    memcpy(&x, &bits, sizeof(bits));
    if (x > 1.4142135623730951) {
        x /= 2;
        exponent++;
    }
    /* 2 artanh((x - 1) / (x + 1)), of at most 0.172. */
    double t = (x - 1) / (x + 1), square = t * t, power = t, sum = 0;
    for (int k = 1; k < 30; k += 2) {
        sum += power / k;
        power *= square;
    }
    return 2 * sum + exponent * LN2;
}

double chance_exp(double x)
{
    if (x < -700) return 0;
    if (x > 700) x = 700;
    int exponent = (int)(x / LN2 + (x < 0 ? -0.5 : 0.5));
    double rest = x - exponent * LN2, term = 1, sum = 1;
    for (int k = 1; k < 20; k++) {
        term *= rest / k;
        sum += term;
    }
    uint64_t bits = (uint64_t)(exponent + 1023) << 52;
    double power;
    memcpy(&power, &bits, sizeof(power));
    return sum * power;
}

double chance_normal(double z)
{
    double density = chance_exp(-z * z / 2) * 0.398942280401432677939946;
    if (z < 0) return 1 - chance_normal(-z);
    if (z < 3) {
        double term = z, sum = z;
        for (int k = 3; k < 100; k += 2) {
            term *= z * z / k;
            sum += term;
        }
        return 0.5 - density * sum;
    }
    double fraction = z; /* Laplace's continued fraction, from its end. */
    for (int k = 60; k > 0; k--) fraction = z + k / fraction;
    return density / fraction;
}

double chance_deviation(double z, size_t samples)
{
    if (samples < 3) return 1;
    double n = (double)samples, df = n - 1, t = z / sqrt(1 + 1 / n);
    double normal = (8 * df + 1) / (8 * df + 3) * sqrt(df * chance_ln(1 + t * t / df));
    double p = 2 * chance_normal(normal);
    return p < CHANCE_LEAST ? CHANCE_LEAST : p > 1 ? 1 : p;
}

double chance_hits(uint64_t hits, uint64_t tries, double p)
{
    if (hits == 0 || p >= 1) return 1;
    if (hits > tries || p <= 0) return hits > tries ? 0 : CHANCE_LEAST;
    double term = 0; /* The logarithm of the probability of `hits`. */
    for (uint64_t i = 0; i < hits; i++)
        term += chance_ln((double)(tries - i) / (double)(i + 1)) + chance_ln(p);
    term += (double)(tries - hits) * chance_ln(1 - p);
    double sum = 0, one = chance_exp(term);
    for (uint64_t k = hits; k <= tries; k++) {
        sum += one;
        one *= (double)(tries - k) / (double)(k + 1) * p / (1 - p);
    }
    return sum < CHANCE_LEAST ? CHANCE_LEAST : sum > 1 ? 1 : sum;
}
