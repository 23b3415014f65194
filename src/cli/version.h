/* What --version prints and a run begins with. */
#ifndef CLI_VERSION_H
#define CLI_VERSION_H

/* "0.1.0", and of a build from a git checkout "0.1.0 (1a2b3c4d5, changed)": its commit, and whether
 * files differ from it. Printed only: what a run writes holds ATK_VERSION alone, so that the same
 * sources give the same bytes wherever they were built. */
const char *version_text(void);

#endif
