/* Vectors of four floats, which every processor has: one for the three colours of a pixel, of which
 * the fourth is not looked at, and four for a block. No sum is split among lanes. */
#include "image/resize_float.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { LANES = RESIZE_FLOAT_LANES, BLOCK = RESIZE_FLOAT_BLOCK, VECTORS = BLOCK / LANES };
typedef float vec __attribute__((vector_size(4 * LANES)));
typedef float vec_in_memory __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

static vec load(const float *p)
{
    return *(const vec_in_memory *)p;
}

static void store(float *p, vec v)
{
    *(vec_in_memory *)p = v;
}

enum status resize_float_filter_create(struct resize_float_filter *f, int n_out, int taps,
                                       struct error *err)
{
    const char *what = "weights of a resize";
    size_t n = (size_t)n_out;
    *f = (struct resize_float_filter){.taps = taps > 0 ? taps : 1};
    f->first = memory_array(n, sizeof *f->first, what, err);
    f->n = f->first ? memory_array(n, sizeof *f->n, what, err) : NULL;
    f->weight =
        f->n ? memory_array(n * (size_t)f->taps, LANES * sizeof *f->weight, what, err) : NULL;
    if (f->weight)
        return STATUS_OK;
    resize_float_filter_free(f);
    return err->status;
}

void resize_float_filter_put(struct resize_float_filter *f, size_t o, size_t tap, float weight)
{
    float *at = f->weight + LANES * (o * (size_t)f->taps + tap);
    for (int i = 0; i < LANES; i++)
        at[i] = weight;
}

void resize_float_filter_free(struct resize_float_filter *f)
{
    free(f->first);
    free(f->n);
    free(f->weight);
    *f = (struct resize_float_filter){0};
}

/* A whole number of blocks, and what a vector at the last pixel reads and writes behind it. */
size_t resize_float_row(size_t pixels)
{
    return (3 * pixels + LANES - 3 + BLOCK - 1) / BLOCK * BLOCK;
}

static void repeat(float *out, const float *pixel, int n)
{
    for (int i = 0; i < n; i++)
        memcpy(out + 3 * (size_t)i, pixel, 3 * sizeof *out);
}

#if defined(__SSE2__)

static void decode_block(float out[BLOCK], const uint8_t in[BLOCK])
{
    const __m128i zero = _mm_setzero_si128(), bytes = _mm_loadu_si128((const __m128i *)in);
    const __m128i low = _mm_unpacklo_epi8(bytes, zero), high = _mm_unpackhi_epi8(bytes, zero);
    const __m128i four[VECTORS] = {_mm_unpacklo_epi16(low, zero), _mm_unpackhi_epi16(low, zero),
                                   _mm_unpacklo_epi16(high, zero), _mm_unpackhi_epi16(high, zero)};
#pragma GCC unroll 4
    for (int v = 0; v < VECTORS; v++)
        store(out + LANES * v, (vec)_mm_cvtepi32_ps(four[v]) / 255.0f);
}

#else

static void decode_block(float out[BLOCK], const uint8_t in[BLOCK])
{
    for (int i = 0; i < BLOCK; i++)
        out[i] = (float)in[i] / 255.0f;
}

#endif

void resize_float_decode(float *out, const uint8_t *in, int width, int margin)
{
    size_t n = 3 * (size_t)width, i = 0;
    float *row = out + 3 * (size_t)margin;
    for (; i + BLOCK <= n; i += BLOCK)
        decode_block(row + i, in + i);
    for (; i < n; i++)
        row[i] = (float)in[i] / 255.0f;
    repeat(out, row, margin);
    repeat(row + n, row + n - 3, margin);
}

/* The sum of the pixels from there on. */
static inline __attribute__((always_inline)) vec weigh(const float *pixel, const float *weight,
                                                       int taps)
{
    vec sum = {0};
#pragma GCC unroll 8
    for (int t = 0; t < taps; t++)
        sum += load(pixel + 3 * t) * load(weight + LANES * t);
    return sum;
}

/* The next pixel overwrites what a vector writes too much. */
static inline __attribute__((always_inline)) void
sweep_across(float *out, const float *in, const struct resize_float_filter *f, int n_out, int taps)
{
    const float *weight = f->weight;
    for (int o = 0; o < n_out; o++, out += 3, weight += LANES * taps)
        store(out, weigh(in + 3 * (size_t)f->first[o], weight, taps));
}

/* Compiled for the usual numbers: without a count and a branch for each pixel. */
void resize_float_across(float *out, const float *in, const struct resize_float_filter *f,
                         int n_out)
{
    switch (f->taps) {
    case 4:
        sweep_across(out, in, f, n_out, 4);
        break;
    case 5:
        sweep_across(out, in, f, n_out, 5);
        break;
    case 6:
        sweep_across(out, in, f, n_out, 6);
        break;
    case 7:
        sweep_across(out, in, f, n_out, 7);
        break;
    case 8:
        sweep_across(out, in, f, n_out, 8);
        break;
    default:
        sweep_across(out, in, f, n_out, f->taps);
    }
}

/* 255 times each sum, within 0..255, as whole numbers: exactly, as adding a half in double would
 * round them, for what is behind the point is exact in a float. */
#if defined(__SSE2__)

static __m128i round_vector(vec v)
{
    const __m128 one = _mm_set1_ps(1), half = _mm_set1_ps(0.5f), scale = _mm_set1_ps(255);
    __m128 x = _mm_mul_ps(_mm_min_ps(_mm_max_ps((__m128)v, _mm_setzero_ps()), one), scale);
    __m128i whole = _mm_cvttps_epi32(x);
    __m128 rest = _mm_sub_ps(x, _mm_cvtepi32_ps(whole));
    return _mm_sub_epi32(whole, _mm_castps_si128(_mm_cmpge_ps(rest, half))); /* true is -1 */
}

static void round_block(uint8_t out[BLOCK], const vec sum[VECTORS])
{
    __m128i low = _mm_packs_epi32(round_vector(sum[0]), round_vector(sum[1]));
    __m128i high = _mm_packs_epi32(round_vector(sum[2]), round_vector(sum[3]));
    _mm_storeu_si128((__m128i *)out, _mm_packus_epi16(low, high));
}

#else

static void round_block(uint8_t out[BLOCK], const vec sum[VECTORS])
{
    for (int i = 0; i < BLOCK; i++) {
        float x = sum[i / LANES][i % LANES];
        x = (x < 0 ? 0 : x > 1 ? 1 : x) * 255.0f;
        out[i] = (uint8_t)(x + 0.5);
    }
}

#endif

static void down_block(uint8_t out[BLOCK], const float *const *row, const float *weight, int taps,
                       size_t at)
{
    vec sum[VECTORS] = {{0}};
    for (int t = 0; t < taps; t++)
#pragma GCC unroll 4
        for (int v = 0; v < VECTORS; v++)
            sum[v] += load(row[t] + at + (size_t)(LANES * v)) * load(weight + LANES * t);
    round_block(out, sum);
}

void resize_float_down(uint8_t *out, const float *const *row, const float *weight, int taps,
                       size_t n)
{
    uint8_t last[BLOCK];
    size_t at = 0;
    for (; at + BLOCK <= n; at += BLOCK)
        down_block(out + at, row, weight, taps, at);
    if (at == n)
        return;
    down_block(last, row, weight, taps, at);
    memcpy(out + at, last, n - at);
}
