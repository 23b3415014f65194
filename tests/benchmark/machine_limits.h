/* What one thread of this processor does at most, measured: the roof that kernels are under. */
#ifndef TESTS_MACHINE_LIMITS_H
#define TESTS_MACHINE_LIMITS_H

struct machine_limits {
    double flops; /* a second: multiplications and additions of float32, in registers alone */
    double bytes; /* a second: read from memory and written to it, in equal parts */
};

/* level: of struct kernels ("portable": without FMA instructions). Best of some rounds of processor
 * time; takes half a second, and 128 MiB for a while. */
struct machine_limits machine_limits_measure(const char *level);

#endif
