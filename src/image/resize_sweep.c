/* Weights have 14 bits after the point, a line between the two passes 6. Sums fit in 32 bits:
 * 255 x 2^14 and 255 x 2^6 x 2^14.
 *
 * SSE2, which every x86-64 has, multiplies 16-bit numbers and adds neighbours in one instruction;
 * so two taps go together, interleaved. Elsewhere the plain loops do the same sums. */
#include "image/resize_sweep.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { BLOCK = 16, LINE_SHIFT = 8, LAST_SHIFT = 20 };

size_t resize_sweep_padded(size_t row_bytes)
{
    return (row_bytes + BLOCK - 1) / BLOCK * BLOCK;
}

#if defined(__SSE2__)

/* Two 16-bit weights, side by side in each of four lanes. */
static __m128i load_pair(const int16_t *weight)
{
    int both;

    memcpy(&both, weight, sizeof both);
    return _mm_set1_epi32(both);
}

static __m128i round_line(__m128i low, __m128i high)
{
    const __m128i half = _mm_set1_epi32(1 << (LINE_SHIFT - 1));

    return _mm_packs_epi32(_mm_srai_epi32(_mm_add_epi32(low, half), LINE_SHIFT),
                           _mm_srai_epi32(_mm_add_epi32(high, half), LINE_SHIFT));
}

void resize_sweep_down(int16_t *out, const uint8_t *const *row, const int16_t *weight, int taps,
                       size_t n)
{
    const __m128i zero = _mm_setzero_si128();

    for (size_t i = 0; i < n; i += BLOCK) {
        __m128i sum[4] = {zero, zero, zero, zero};

        for (int t = 0; t < taps; t += 2) {
            __m128i a = _mm_loadu_si128((const __m128i *)(row[t] + i));
            __m128i b = _mm_loadu_si128((const __m128i *)(row[t + 1] + i));
            __m128i low = _mm_unpacklo_epi8(a, b), high = _mm_unpackhi_epi8(a, b);
            __m128i w = load_pair(weight + t);

            sum[0] = _mm_add_epi32(sum[0], _mm_madd_epi16(_mm_unpacklo_epi8(low, zero), w));
            sum[1] = _mm_add_epi32(sum[1], _mm_madd_epi16(_mm_unpackhi_epi8(low, zero), w));
            sum[2] = _mm_add_epi32(sum[2], _mm_madd_epi16(_mm_unpacklo_epi8(high, zero), w));
            sum[3] = _mm_add_epi32(sum[3], _mm_madd_epi16(_mm_unpackhi_epi8(high, zero), w));
        }
        _mm_storeu_si128((__m128i *)(out + i), round_line(sum[0], sum[1]));
        _mm_storeu_si128((__m128i *)(out + i + 8), round_line(sum[2], sum[3]));
    }
}

/* Red, green and blue of one result in the first three lanes. */
static inline __m128i weigh_pixels(const int16_t *pixel, const int16_t *weight, int taps)
{
    __m128i sum = _mm_set1_epi32(1 << (LAST_SHIFT - 1));

    for (int t = 0; t < taps; t += 2, pixel += 6) {
        __m128i a = _mm_loadl_epi64((const __m128i *)pixel);
        __m128i b = _mm_loadl_epi64((const __m128i *)(pixel + 3));

        sum = _mm_add_epi32(sum, _mm_madd_epi16(_mm_unpacklo_epi16(a, b), load_pair(weight + t)));
    }
    return _mm_srai_epi32(sum, LAST_SHIFT);
}

/* Result o. taps: the same for all, where those beyond a result's end have weight zero; 0: each its
 * own. */
static inline __m128i weigh(const int16_t *in, const struct resize_filter *f, int o, int taps)
{
    return weigh_pixels(in + 3 * (size_t)f->first[o], f->weight + (size_t)o * (size_t)f->taps,
                        taps ? taps : f->end[o] - f->first[o]);
}

/* Two results at a time: x86 puts the first lane first, and the two bytes that are written behind
 * them are overwritten by what comes next. */
static inline void sweep_across(uint8_t *out, const int16_t *in, const struct resize_filter *f,
                                int side, int taps)
{
    const __m128i none = _mm_setzero_si128();
    int o = 0;

    for (; o + 2 < side; o += 2, out += 6) {
        __m128i two = _mm_packs_epi32(weigh(in, f, o, taps), weigh(in, f, o + 1, taps));
        uint64_t bytes;

        _mm_storel_epi64((__m128i *)&bytes, _mm_packus_epi16(two, none));
        bytes = (bytes & 0xFFFFFF) | (bytes >> 8 & 0xFFFFFF000000);
        memcpy(out, &bytes, sizeof bytes);
    }
    for (; o < side; o++, out += 3) {
        __m128i one = _mm_packs_epi32(weigh(in, f, o, taps), none);
        int bytes = _mm_cvtsi128_si32(_mm_packus_epi16(one, none));

        memcpy(out, &bytes, 3);
    }
}

/* Compiled three times: a loop over two or four taps needs no count and no branch. */
void resize_sweep_across(uint8_t *out, const int16_t *in, const struct resize_filter *f, int side)
{
    if (f->most <= 2)
        sweep_across(out, in, f, side, 2);
    else if (f->most <= 4)
        sweep_across(out, in, f, side, 4);
    else
        sweep_across(out, in, f, side, 0);
}

#else

void resize_sweep_down(int16_t *out, const uint8_t *const *row, const int16_t *weight, int taps,
                       size_t n)
{
    int32_t sum[BLOCK];

    for (size_t i = 0; i < n; i += BLOCK) {
        for (int c = 0; c < BLOCK; c++)
            sum[c] = 1 << (LINE_SHIFT - 1);
        for (int t = 0; t < taps; t++)
            for (int c = 0; c < BLOCK; c++)
                sum[c] += row[t][i + (size_t)c] * weight[t];
        for (int c = 0; c < BLOCK; c++)
            out[i + (size_t)c] = (int16_t)(sum[c] >> LINE_SHIFT);
    }
}

void resize_sweep_across(uint8_t *out, const int16_t *in, const struct resize_filter *f, int side)
{
    for (int o = 0; o < side; o++) {
        const int16_t *weight = f->weight + (size_t)o * (size_t)f->taps;
        const int16_t *pixel = in + 3 * (size_t)f->first[o];
        int taps = f->end[o] - f->first[o];

        for (int c = 0; c < 3; c++) {
            int32_t sum = 1 << (LAST_SHIFT - 1);

            for (int t = 0; t < taps; t++)
                sum += pixel[3 * t + c] * weight[t];
            out[3 * o + c] = (uint8_t)(sum >> LAST_SHIFT);
        }
    }
}

#endif
