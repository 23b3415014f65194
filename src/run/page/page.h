/* A page: one HTML file that needs no other, made of a template, a style and a script in
 * scripts/page/, Chart.js where it is installed, and figures as JSON. */
#ifndef RUN_PAGE_PAGE_H
#define RUN_PAGE_PAGE_H

#include "base/error.h"
#include "io/json_document.h"

/* Atomic. Chart.js is $ATK_CHART_JS or else that of Debian's libjs-chart.js; without it the page
 * says so and shows tables in place of charts. Nothing that the document holds can become markup:
 * it stands in a script element of data (json_document_html), from which the page's script makes
 * text nodes; the page's policy lets nothing run but its own two scripts. */
enum status page_write(const char *path, const struct json_document *document, struct error *err);

#endif
