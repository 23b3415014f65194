#include "cli/data_rewrite.h"

enum status data_rewrite(struct data_options *o, data_rewrite_name *name, data_rewrite_write *write,
                         struct error *err)
{
    const char *path;
    struct data_table table = {0};
    struct data_outputs out = {0};
    if (data_options_table(&path, o, err) != STATUS_OK ||
        data_options_check_out(o, err) != STATUS_OK)
        return err->status;
    enum status status = name(&out, o, err);
    if (status == STATUS_OK)
        status = data_table_open(&table, path, o, err);
    if (status == STATUS_OK)
        status = write(&out, &table, o, err);
    data_outputs_close(&out);
    data_table_close(&table);
    return status;
}
