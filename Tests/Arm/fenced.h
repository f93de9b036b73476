/* Memory between pages without access, so that a read or write of one element too many ends the program. */
#ifndef FENCED_H
#define FENCED_H

#include <stdbool.h>
#include <stddef.h>

/* `bytes` bytes at the very end, or the very start, of what may be touched. They last until fenced_release. */
void *fenced(size_t bytes, bool at_end);

/* What fenced gives after a mark is taken back by releasing the mark. */
size_t fenced_mark(void);
void fenced_release(size_t mark);

#endif
