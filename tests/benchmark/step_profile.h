/* Where the processor time of a step goes, by the regions that threads share (parallel_for,
 * parallel_floats) and what lies between them, which is serial. Measured with one thread, whose
 * pieces run one behind the other; how long more threads would need is worked out from the times of
 * the pieces, which are claimed in their order.
 *
 * The program is linked with --wrap for both functions; the library is the one that ships. */
#ifndef TESTS_STEP_PROFILE_H
#define TESTS_STEP_PROFILE_H

/* Around each step to be profiled. Ends the program when memory ends. */
void step_profile_begin(void);
void step_profile_end(void);

/* Prints one JSON object, means over the steps: seconds of a step, of its serial part (between
 * regions, and regions of one piece), of a step with 2, 4, ... 64 threads; of each function that
 * regions run, and of the gaps between two. Functions are offsets from __executable_start, for
 * scripts/step_profile.py to name. */
void step_profile_print(void);
void step_profile_free(void);

#endif
