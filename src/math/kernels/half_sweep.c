/* Activations as halves (IEEE binary16) and back.
 *
 * Rounding is to the nearest, but never onto a bound that an activation's gradient asks about: what
 * is not 0 does not become 0 (it becomes the smallest half of its sign), and what is below 6 stays
 * below 6. So y > 0 and y < 6 are true of the half where they are of the float. */
#include "base/half.h"
#include "math/kernels/activation.h"
#include "math/kernels/level.h"

#include <string.h>

#define MOST      65504.0f    /* the largest half */
#define LEAST     0x1p-24f    /* the smallest above 0 */
#define BELOW_SIX 5.99609375f /* the largest below 6 */

static inline __attribute__((always_inline)) vec chosen(mask which, vec yes, vec no)
{
    return (vec)(((mask)yes & which) | ((mask)no & ~which));
}

/* v where to round it to the nearest half is right, and else what it becomes; *over counts, in each
 * lane, downwards. */
static inline __attribute__((always_inline)) vec fitted(vec v, mask *over)
{
    const mask magnitude_bits = (mask)v & 0x7FFFFFFF, sign = (mask)v & ~0x7FFFFFFF;
    const vec magnitude = (vec)magnitude_bits, zero = {0};
    const mask is_over = (mask)(magnitude > MOST);
    const mask is_small = (mask)(magnitude < LEAST) & (mask)(magnitude_bits != 0);
    const mask is_near_six = (mask)(v > BELOW_SIX) & (mask)(v < 6.0f);
    v = chosen(is_over, (vec)(sign | (mask)(zero + MOST)), v);
    v = chosen(is_small, (vec)(sign | (mask)(zero + LEAST)), v);
    *over += is_over;
    return chosen(is_near_six, zero + BELOW_SIX, v);
}

static inline __attribute__((always_inline)) void store_halves(uint16_t *out, vec v)
{
#if defined(__AVX512F__)
    _mm256_storeu_si256((__m256i *)out, _mm512_cvtps_ph((__m512)v, _MM_FROUND_TO_NEAREST_INT));
#elif defined(__AVX2__)
    _mm_storeu_si128((__m128i *)out, _mm256_cvtps_ph((__m256)v, _MM_FROUND_TO_NEAREST_INT));
#else
    for (int i = 0; i < LANES; i++)
        out[i] = half_from_float(v[i]);
#endif
}

static inline __attribute__((always_inline)) vec load_halves(const uint16_t *halves)
{
#if defined(__AVX512F__)
    return (vec)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)halves));
#elif defined(__AVX2__)
    return (vec)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)halves));
#else
    vec v = {0};
    for (int i = 0; i < LANES; i++)
        v[i] = half_to_float(halves[i]);
    return v;
#endif
}

size_t KERNEL(half_sweep_store)(uint16_t *out, const float *x, size_t n)
{
    const size_t whole = n / LANES * LANES;
    mask over = {0};
    for (size_t i = 0; i < whole; i += LANES)
        store_halves(out + i, fitted(load(x + i), &over));
    if (whole < n) {
        uint16_t rest[LANES];
        store_halves(rest, fitted(load_first(x + whole, (int)(n - whole)), &over));
        memcpy(out + whole, rest, (n - whole) * sizeof *out);
    }
    size_t n_over = 0;
    for (int i = 0; i < LANES; i++)
        n_over += (size_t)-over[i];
    return n_over;
}

void KERNEL(half_sweep_load)(float *out, const uint16_t *halves, size_t n)
{
    const size_t whole = n / LANES * LANES;
    for (size_t i = 0; i < whole; i += LANES)
        store(out + i, load_halves(halves + i));
    if (whole < n) {
        uint16_t rest[LANES] = {0};
        memcpy(rest, halves + whole, (n - whole) * sizeof *halves);
        store_first(out + whole, load_halves(rest), (int)(n - whole));
    }
}

/* Halves above 0 are 1, 2, ... as whole numbers, up to infinity's; behind that are NaN and then
 * what has a sign. */
static inline __attribute__((always_inline)) void
mask_halves(float *restrict g, const uint16_t *restrict y, size_t n, uint16_t n_passing)
{
    for (size_t i = 0; i < n; i++)
        g[i] = (uint16_t)(y[i] - 1) < n_passing ? g[i] : 0;
}

void KERNEL(half_sweep_mask)(float *g, const uint16_t *y, size_t n,
                             enum kernels_activation activation)
{
    enum { INFINITE = 0x7C00, SIX = 0x4600 };
    if (activation == KERNELS_RELU)
        mask_halves(g, y, n, INFINITE);
    else if (activation == KERNELS_RELU6)
        mask_halves(g, y, n, SIX - 1);
}
