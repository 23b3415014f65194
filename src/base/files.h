/* Files: whole reads with a bound, and writes of which a kill at any instant leaves the old file or
 * the new one, never half of one (temporary file beside it, fsync, rename). Errors name the path.
 */
#ifndef BASE_FILES_H
#define BASE_FILES_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Copies up to n of the first bytes of a regular file, or of a pipe that the program was started
 * with (/dev/stdin, /dev/fd/N), in which they stay, and which it waits for. Returns how many; 0 for
 * whatever else there is. */
size_t files_peek(const char *path, void *bytes, size_t n);

/* *out = the file's bytes, followed by one zero byte that *size does not count. The caller frees
 * it. A file of more than max_bytes and a short read are errors, and so is, at once, what is no
 * file: a directory, a named pipe, a socket, a device. A pipe or device that the program was
 * started with
 * ("/dev/stdin", "/dev/fd/63") is read to its end. */
enum status files_read(uint8_t **out, size_t *size, const char *path, size_t max_bytes,
                       struct error *err);

/* Size and time of change. */
struct files_stamp {
    int64_t bytes, seconds, nanoseconds;
};
/* Whether it is a regular file that may be read; nothing is opened. */
enum status files_check_readable(struct files_stamp *stamp, const char *path, struct error *err);

/* For files of which parts are read. *fd = the file, opened to be read; *size = its bytes. What is
 * no regular file is an error that says what it is, at once. */
enum status files_open_regular(int *fd, size_t *size, const char *path, struct error *err);
/* out [n] = the bytes from `offset` on; fewer are an error. path is for messages. */
enum status files_read_part(void *out, int fd, size_t offset, size_t n, const char *path,
                            struct error *err);

/* An atomic write: open, fprintf to w.stream, commit. After open exactly one of commit and abandon
 * is due (abandon after commit or after a failed open is a no-op). commit reports any earlier write
 * error (disk full), and has file and folder on the disk when it returns. A symbolic link is
 * followed, also where its target does not exist yet; a file keeps its permissions; what is no
 * regular file (a device, a FIFO) is written to directly, and so is standard output ("-",
 * "/dev/stdout"), whatever it leads to. */
struct files_writer {
    FILE *stream;
    char *path, *temporary;
};
enum status files_open(struct files_writer *w, const char *path, struct error *err);
enum status files_commit(struct files_writer *w, struct error *err);
void files_abandon(struct files_writer *w);
enum status files_write(const char *path, const void *bytes, size_t size, struct error *err);

/* *out = directory + "/" + name, or a copy of name when that is absolute or directory is "" or ".".
 * Caller frees. */
enum status files_join(char **out, const char *directory, const char *name, struct error *err);
/* *out = the part of path before its last "/", or "." ; caller frees. */
enum status files_directory(char **out, const char *path, struct error *err);
bool files_exist(const char *path);
bool files_is_directory(const char *path);
bool files_is_standard_output(const char *path); /* "-" or "/dev/stdout" */
/* *same: both paths lead to one regular file (standard output may be one), through whatever links;
 * or to the same place where there is none yet. */
enum status files_same(bool *same, const char *a, const char *b, struct error *err);
/* mkdir -p of the parents and mkdir of the last component, which must not exist yet (mkdir is the
 * lock between runs that start together): *existed tells that it did, with STATUS_OK. */
enum status files_make_directory(const char *path, bool *existed, struct error *err);
/* The folder that holds the running program ("" when that cannot be found): for models/ and
 * configs/. */
enum status files_program_directory(char **out, struct error *err);

#endif
