#include "run/page/page.h"

#include "base/files.h"
#include "base/text_stream.h"
#include "run/files/library.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { MOST_FILE_BYTES = 8 << 20, NONCE_BYTES = 16 };

/* What the template's marks {{name}} stand for. */
struct parts {
    char nonce[2 * NONCE_BYTES + 1]; /* of the policy: no text could know it when it was written */
    char *style, *script, *chart, *document;
};

static void free_parts(struct parts *p)
{
    free(p->style);
    free(p->script);
    free(p->chart);
    free(p->document);
}

static enum status make_nonce(char out[2 * NONCE_BYTES + 1], struct error *err)
{
    unsigned char bytes[NONCE_BYTES];

    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return error_errno(err, "no random bytes");
    for (size_t i = 0; i < sizeof bytes; i++)
        sprintf(out + 2 * i, "%02x", bytes[i]);
    return STATUS_OK;
}

static enum status read_text(char **out, const char *path, struct error *err)
{
    uint8_t *bytes = NULL;
    size_t size;
    enum status status = files_read(&bytes, &size, path, MOST_FILE_BYTES, err);

    *out = (char *)bytes;
    return status;
}

static enum status read_part(char **out, const char *file, struct error *err)
{
    char *path = NULL;
    enum status status = library_find_file(&path, LIBRARY_PAGE, file, err);

    if (status == STATUS_OK)
        status = read_text(out, path, err);
    free(path);
    return status;
}

/* Its files one behind the other: together they are one script. */
static enum status read_script(char **out, struct error *err)
{
    static const char *const file[] = {"dom.js", "charts.js",  "images.js",
                                       "run.js", "compare.js", "start.js"};
    struct text_stream t;
    enum status status = text_stream_open(&t, "the page's script", err);

    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; status == STATUS_OK && i < sizeof file / sizeof *file; i++) {
        char *text = NULL;
        status = read_part(&text, file[i], err);
        fputs(text ? text : "", t.stream);
        free(text);
    }
    if (status == STATUS_OK)
        return text_stream_close(out, NULL, &t, "the page's script", err);
    text_stream_discard(&t);
    return status;
}

/* *out stays NULL when there is none: that is no error. */
static enum status read_chart(char **out, struct error *err)
{
    static const char *const places[] = {"/usr/share/javascript/chart.js/chart.min.js",
                                         "/usr/share/javascript/chart.js/Chart.min.js",
                                         "/usr/share/javascript/chart.js/Chart.js"};
    const char *given = getenv("ATK_CHART_JS");
    enum status status = STATUS_OK;

    if (given)
        return *given && files_exist(given) ? read_text(out, given, err) : STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && !*out && i < sizeof places / sizeof *places; i++)
        if (files_exist(places[i]))
            status = read_text(out, places[i], err);
    /* What would end its element is no library that this program knows. */
    if (status == STATUS_OK && *out && strstr(*out, "</script")) {
        free(*out);
        *out = NULL;
    }
    return status;
}

static enum status fill_parts(struct parts *p, const struct json_document *document,
                              struct error *err)
{
    p->document = json_document_html(document, err);
    if (!p->document || make_nonce(p->nonce, err) != STATUS_OK ||
        read_part(&p->style, "report.css", err) != STATUS_OK ||
        read_script(&p->script, err) != STATUS_OK)
        return err->status;
    return read_chart(&p->chart, err);
}

/* The template with its marks replaced. */
static enum status put_template(FILE *stream, const char *template, const struct parts *p,
                                struct error *err)
{
    const struct {
        const char *mark, *text;
    } mark[] = {{"{{nonce}}", p->nonce},
                {"{{style}}", p->style},
                {"{{script}}", p->script},
                {"{{chart}}", p->chart ? p->chart : ""},
                {"{{document}}", p->document}};

    for (const char *at = template; *at;) {
        const char *next = strstr(at, "{{");
        size_t i = 0, n = sizeof mark / sizeof *mark;
        fwrite(at, 1, next ? (size_t)(next - at) : strlen(at), stream);
        if (!next)
            break;
        while (i < n && strncmp(next, mark[i].mark, strlen(mark[i].mark)) != 0)
            i++;
        if (i == n)
            return error_set(err, "report.html: \"%.20s\" is no mark", next);
        fputs(mark[i].text, stream);
        at = next + strlen(mark[i].mark);
    }
    return STATUS_OK;
}

static enum status write_parts(const char *path, const char *template, const struct parts *p,
                               struct error *err)
{
    struct files_writer w;

    if (files_open(&w, path, err) != STATUS_OK)
        return err->status;
    if (put_template(w.stream, template, p, err) == STATUS_OK)
        return files_commit(&w, err);
    files_abandon(&w);
    return err->status;
}

enum status page_write(const char *path, const struct json_document *document, struct error *err)
{
    struct parts parts = {.style = NULL};
    char *template = NULL;
    enum status status = read_part(&template, "report.html", err);

    if (status == STATUS_OK)
        status = fill_parts(&parts, document, err);
    if (status == STATUS_OK)
        status = write_parts(path, template, &parts, err);
    free_parts(&parts);
    free(template);
    return status;
}
