/* The largest of many numbers without a full sort. */
#ifndef NN_LARGEST_H
#define NN_LARGEST_H

/* Reorders order [n], different indices into loss, so that its first k (0..n) are the k that come
 * first, in no order among themselves: larger losses before smaller ones, a NaN before any number,
 * equal ones by index. O(n) on average. */
void largest_first(int *order, const float *loss, int n, int k);

#endif
