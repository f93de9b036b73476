/* Every remainder of rows, keys, D and Dv, in tiles and blocks. */

static void FN(check_size)(const FUSED *fused, size_t rows, size_t keys, size_t d, size_t dv, Tally *tally) {
  const size_t mark = fenced_mark();
  Numbers numbers = {rows + 100 * keys + 100000 * d};
  tally_about(tally, "fused, %zu rows, %zu keys, D %zu, Dv %zu", rows, keys, d, dv);
  FN(Problem) problem = FN(make_problem)(rows, keys, d, dv, (rows + keys) % 4, (d + keys) % 2, &numbers);
  problem.natural = (rows + keys + d) % 3 == 0;
  FN(compare_with_oracle)(fused, &problem, (FN(Way)){0}, tally);
  problem.same_bits = false;
  if (rows <= fused->few) FN(compare_with_oracle)(fused, &problem, (FN(Way)){0}, tally);
  fenced_release(mark);
}

static void FN(check_fused_sizes)(const FUSED *fused, Tally *tally) {
  const size_t tile = FUSED_TILE_KEYS, width = fused->width;
  for (size_t rows = 1; rows <= width + 3; rows++) {
    FN(check_size)(fused, rows, 37, 5, 7, tally);
    FN(check_size)(fused, rows, 37, 5, 21, tally);
  }
  for (size_t keys = 1; keys <= 67; keys++) {
    FN(check_size)(fused, 3, keys, 4, 3, tally);
    for (size_t part = 1; part <= 3; part++) FN(check_size)(fused, width / 3 * part, keys, 3, 2, tally);
  }
  const size_t long_keys[] = {95, 96, 97, tile - 1, tile, tile + 1, 2 * tile, 2 * tile + 5};
  for (size_t n = 0; n < COUNT(long_keys); n++) {
    FN(check_size)(fused, 1, long_keys[n], 6, 5, tally);
    FN(check_size)(fused, 2 * width + 1, long_keys[n], 3, 2, tally);
  }
  const size_t sizes[] = {47, 63, 64, 65, 80, 96, 127, 128, 129};
  for (size_t n = 0; n < 36 + COUNT(sizes); n++) {
    const size_t size = n < 36 ? n : sizes[n - 36], some = size == 0 ? 1 : size;
    FN(check_size)(fused, 5, 19, size, some, tally);
    FN(check_size)(fused, width, 21, size, some, tally);
    FN(check_size)(fused, width - 1, 23, 3, some, tally);
    FN(check_size)(fused, 7, 17, size, 3, tally);
    for (size_t rows = 1; rows <= 7; rows++) FN(check_size)(fused, rows, 43, 9, some, tally);
  }
}
