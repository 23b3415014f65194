/* A row of a data set. */
#ifndef DATA_SAMPLE_H
#define DATA_SAMPLE_H

struct sample {
    char *image;  /* as written in the CSV */
    char *path;   /* where to open it */
    int label;    /* 0..classes-1, or -1 */
    int line;     /* in the CSV; 0 if there is none */
    int identity; /* rows of one image file, however it is spelled, share this number; numbered
                    from 0 in the order of their first rows */
};

#endif
