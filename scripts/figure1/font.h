/* Letters as dots. */
#ifndef FIGURE1_FONT_H
#define FIGURE1_FONT_H

/* Rows of 5 from the top, with '|' between, of which '#' are black: 7, and 2 below the base line
 * where there is something. "" for what has no picture here. */
const char *font_dots(char letter);

#endif
