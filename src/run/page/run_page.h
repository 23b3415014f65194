/* report.html of one run, from the files of its folder. */
#ifndef RUN_PAGE_RUN_PAGE_H
#define RUN_PAGE_RUN_PAGE_H

#include "base/error.h"
#include "run/page/run_document.h"

/* Writes FOLDER/report.html. */
enum status run_page_write(const char *folder, struct error *err);
/* Likewise of a run that has been read. progress NULL: it is not under way. */
enum status run_page_put(const struct page_run *run, const struct run_document_progress *progress,
                         struct error *err);

#endif
