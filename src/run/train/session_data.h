/* Part of run/train/session: tables, classes, split. */
#ifndef RUN_TRAIN_SESSION_DATA_H
#define RUN_TRAIN_SESSION_DATA_H

#include "base/error.h"
#include "run/train/session_fields.h"

enum status session_data_load(struct session *s, struct error *err);
/* Fills train.count, val.count and, from these, class_weight anew. */
enum status session_data_count(struct session *s, struct error *err);

#endif
