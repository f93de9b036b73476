/* LAPACK's C interface as Debian packages it: apart from OpenBLAS, following the system's LAPACK alternative. */
#include <lapacke.h>
