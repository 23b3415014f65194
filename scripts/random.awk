# Seeded random numbers that are the same in every awk, which its own rand() is not: L'Ecuyer's
# combination of two multiplicative generators (Communications of the ACM 31, 1988), whose products
# stay below 2^53.

# One stream for each purpose; seed and stream are whole numbers from 0 to 2^31 - 1.
function random_start(seed, stream,    i, swap) {
    random_a = 1 + seed % 2147483562
    random_b = 1 + (stream * 69069 + seed % 65536) % 2147483398
    for (i = 0; i < 20; i++) { # near seeds part
        random_uniform()
        swap = random_a
        random_a = 1 + (random_b + swap) % 2147483562
        random_b = 1 + (swap * 3) % 2147483398
    }
}

# Between 0 and 1, both left out.
function random_uniform(    z) {
    random_a = random_a * 40014 % 2147483563
    random_b = random_b * 40692 % 2147483399
    z = random_a - random_b
    if (z < 1) z += 2147483562
    return z / 2147483563
}

# A whole number from 0 to n - 1.
function random_below(n) {
    return int(random_uniform() * n)
}

function random_shuffle(list, n,    i, j, swap) { # list[1..n]
    for (i = n; i > 1; i--) {
        j = 1 + random_below(i)
        swap = list[i]
        list[i] = list[j]
        list[j] = swap
    }
}
