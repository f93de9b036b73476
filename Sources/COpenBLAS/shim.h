/* OpenBLAS's own header, which also declares openblas_get_config and the thread setters. */
#include <cblas.h>
