#include "cli/report.h"

#include <stdio.h>
#include <string.h>

void report_layers(struct console *c, const struct session *s)
{
    const struct model_summary *m = &s->summary;
    char shape[48], description[64], parameters[REPORT_AMOUNT_BYTES], products[REPORT_AMOUNT_BYTES];
    int name_width = 5, description_width = 4;

    for (int i = 0; i < m->layers.n; i++) {
        layer_describe(description, sizeof description, &m->layers.row[i]);
        int name = (int)strlen(m->layers.row[i].name), text = (int)strlen(description);
        name_width = name > name_width ? name : name_width;
        description_width = text > description_width ? text : description_width;
    }
    console_print(c, "%-*s  %-*s  %15s  %12s  %13s  %s\n", name_width, "layer", description_width,
                  "what", "output", "parameters", "multiply-adds", "computed by");
    for (int i = 0; i < m->layers.n; i++) {
        const struct layer_row *l = &m->layers.row[i];
        if (l->operation == LAYER_NORM && l->norm.kind == NORM_NONE)
            continue; /* an activation alone */
        layer_describe(description, sizeof description, l);
        snprintf(shape, sizeof shape, "%dx%dx%d", l->out.height, l->out.width, l->out.channels);
        console_print(c, "%-*s  %-*s  %15s  %12lld  %13s%s%s\n", name_width, l->name,
                      description_width, description, shape, (long long)l->parameters,
                      report_count(products, (double)l->multiply_adds), l->method[0] ? "  " : "",
                      l->method);
    }
    console_print(c, "total: %lld parameters (%s), %s multiply-adds for one image\n",
                  (long long)m->parameters, report_count(parameters, (double)m->parameters),
                  report_count(products, (double)m->multiply_adds));
}

static void print_line(struct console *c, const char *what, size_t bytes)
{
    char text[REPORT_AMOUNT_BYTES];

    console_print(c, "          %-44s %10s\n", what, report_bytes(text, bytes));
}

/* What --activations half saves, or would. */
static void print_half(struct console *c, const struct session *s)
{
    bool is_half = s->settings->activations == ACTIVATIONS_HALF;
    size_t here = s->memory.activations, other = s->memory.other_activations;
    size_t half = is_half ? here : other, whole = is_half ? other : here;
    char text[REPORT_AMOUNT_BYTES];

    if (other == 0)
        return;
    if (half < whole)
        console_print(c, "          --activations half %s %s of them\n",
                      is_half ? "saves" : "would save", report_bytes(text, whole - half));
    else if (is_half)
        console_print(c, "          --activations half saves nothing here\n");
}

void report_memory(struct console *c, const struct session *s)
{
    const struct session_memory *m = &s->memory;

    console_print(c, "memory    that training will take\n");
    print_line(c, "weights", m->weights);
    print_line(c, "gradients", m->gradients);
    print_line(c, "optimiser's moments", m->moments);
    if (m->average > 0)
        print_line(c, "average of the weights", m->average);
    print_line(c, "activations and scratch memory", m->activations);
    print_line(c, "batches that are being decoded", m->loaders);
    if (m->decoding > 0)
        print_line(c, "their largest image, for each decoding thread", m->decoding);
    if (m->mirrored > 0)
        print_line(c, "mirrored images (--tta flip)", m->mirrored);
    if (m->step > 0)
        print_line(c, "steps of several batches (--accumulate)", m->step);
    if (m->features > 0)
        print_line(c, "features, computed once (--cache-features)", m->features);
    print_line(c, "losses and predictions", m->figures);
    print_line(c, "weights that are being saved", m->saving);
    print_line(c, "resized images (cache)", m->cache);
    print_line(c, "program and libraries", m->program);
    print_line(c, "in all", m->peak);
    if (m->free > 0)
        print_line(c, "free now", m->free);
    print_half(c, s);
}
