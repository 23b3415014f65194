/* The names of the columns that a table has for its classes: their own, but for a class that is
 * called like another column of the table. Shared by atk-predict and val_predictions.csv. */
#ifndef RUN_FILES_CLASS_COLUMNS_H
#define RUN_FILES_CLASS_COLUMNS_H

#include "data/class_list.h"

#include <stdio.h>

/* A comma and a name for each class, behind the n_other columns that the header has already. A
 * class that is called like one of these gets "class " before its name, as often as it takes for
 * the name to be no other column's. */
void class_columns_put(FILE *stream, const struct class_list *classes, const char *const *other,
                       int n_other);

#endif
