/* For LD_PRELOAD: faults at a chosen call of a program that knows nothing of it
 * (tests/torture/torture.py).
 *
 *   FAULTS_KILL=N     SIGKILL at the N-th call that changes a file: before it, or where it writes
 *                     several bytes in the middle of it, or behind it, by turns
 *   FAULTS_MALLOC=N   the N-th allocation, of the program or of a library, fails
 *   FAULTS_COUNT=FILE at exit: "calls allocations" of this run, so that others know how far to go
 *   FAULTS_GONE=TEXT  files whose path holds TEXT are not there
 *   FAULTS_SLOW=TEXT  opening them takes an hour, whatever signals come
 *   FAULTS_SPARED=N   but not the first N times
 *
 * What stdio writes when a buffer is full is not seen: kills at random instants find that. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* glibc's own, under the names that it exports for those who take the others' place. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static long kill_at, malloc_at; /* 0: never */
static atomic_long calls, allocations;
static const char *gone, *slow; /* NULL: none */
static atomic_long spared;

static long number_of(const char *variable)
{
    const char *text = getenv(variable);
    return text ? strtol(text, NULL, 10) : 0;
}

__attribute__((constructor)) static void begin(void)
{
    atomic_store(&calls, 0);
    atomic_store(&allocations, 0);
    kill_at = number_of("FAULTS_KILL");
    malloc_at = number_of("FAULTS_MALLOC");
    gone = getenv("FAULTS_GONE");
    slow = getenv("FAULTS_SLOW");
    atomic_store(&spared, number_of("FAULTS_SPARED"));
}

__attribute__((destructor)) static void end(void)
{
    const char *path = getenv("FAULTS_COUNT");
    long n_calls = atomic_load(&calls), n_allocations = atomic_load(&allocations);
    FILE *f = path ? fopen(path, "w") : NULL;
    if (f) {
        fprintf(f, "%ld %ld\n", n_calls, n_allocations);
        fclose(f);
    }
}

/* ---- allocations ---- */

static int fails(void)
{
    long n = atomic_fetch_add(&allocations, 1) + 1;
    if (n != malloc_at)
        return 0;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
    return fails() ? NULL : __libc_realloc(block, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    if (fails())
        return ENOMEM;
    *out = __libc_memalign(alignment, size);
    return *out ? 0 : ENOMEM;
}

/* ---- kills ---- */

enum when { NOT_NOW, BEFORE, WITHIN, BEHIND };

static void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

/* When to die of this call. */
static enum when next_call(void)
{
    long n = atomic_fetch_add(&calls, 1) + 1;
    if (n != kill_at)
        return NOT_NOW;
    if (n % 3 == 0)
        die();
    return n % 3 == 1 ? WITHIN : BEHIND;
}

#define REAL(name) __typeof__(&name) real = (__typeof__(&name))(uintptr_t)dlsym(RTLD_NEXT, #name)

/* A call of one piece: before it, or behind it. */
#define WRAP(type, name, parameters, arguments)                                                    \
    type name parameters                                                                           \
    {                                                                                              \
        REAL(name);                                                                                \
        enum when when = next_call();                                                              \
        type result = real arguments;                                                              \
        if (when != NOT_NOW)                                                                       \
            die();                                                                                 \
        return result;                                                                             \
    }

WRAP(int, rename, (const char *from, const char *to), (from, to))
WRAP(int, unlink, (const char *path), (path))
WRAP(int, fsync, (int fd), (fd))
WRAP(int, fdatasync, (int fd), (fd))
WRAP(int, ftruncate, (int fd, off_t length), (fd, length))
WRAP(int, mkdir, (const char *path, mode_t mode), (path, mode))
WRAP(int, fflush, (FILE * stream), (stream))
WRAP(int, fclose, (FILE * stream), (stream))

ssize_t write(int fd, const void *bytes, size_t n)
{
    REAL(write);
    enum when when = next_call();
    ssize_t written = real(fd, bytes, when == WITHIN ? n / 2 : n);
    if (when != NOT_NOW)
        die();
    return written;
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t offset)
{
    REAL(pwrite);
    enum when when = next_call();
    ssize_t written = real(fd, bytes, when == WITHIN ? n / 2 : n, offset);
    if (when != NOT_NOW)
        die();
    return written;
}

size_t fwrite(const void *bytes, size_t size, size_t n, FILE *stream)
{
    REAL(fwrite);
    enum when when = next_call();
    size_t written = real(bytes, size, when == WITHIN ? n / 2 : n, stream);
    if (when != NOT_NOW) {
        int (*flush)(FILE *) = (int (*)(FILE *))(uintptr_t)dlsym(RTLD_NEXT, "fflush");
        flush(stream); /* what a full buffer would have brought out */
        die();
    }
    return written;
}

/* ---- files that are gone, or come late ---- */

static int strikes(const char *path, const char *text)
{
    return text && strstr(path, text) && atomic_fetch_sub(&spared, 1) <= 0;
}

int open(const char *path, int flags, ...)
{
    REAL(open);
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    if (strikes(path, gone)) {
        errno = ENOENT;
        return -1;
    }
    if (strikes(path, slow))
        for (time_t end = time(NULL) + 3600; time(NULL) < end;)
            nanosleep(&(struct timespec){1, 0}, NULL);
    return real(path, flags, mode);
}
