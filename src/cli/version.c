#include "cli/version.h"

const char *version_text(void)
{
    return ATK_VERSION ATK_COMMIT;
}
