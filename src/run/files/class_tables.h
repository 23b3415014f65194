/* Two CSV files that a confusion matrix gives, written atomically: for a run folder and for
 * atk-predict. Its classes are those of the list. */
#ifndef RUN_FILES_CLASS_TABLES_H
#define RUN_FILES_CLASS_TABLES_H

#include "base/error.h"
#include "data/class_list.h"
#include "run/files/confusion.h"

/* Header "true\predicted,NAME,...", one row for each true class. */
enum status class_tables_write_confusion(const char *path, const struct class_list *classes,
                                         struct confusion *confusion, struct error *err);
/* class,images,correct,recall,precision,f1; a figure that would divide by zero stays empty. */
enum status class_tables_write_per_class(const char *path, const struct class_list *classes,
                                         struct confusion *confusion, struct error *err);

#endif
