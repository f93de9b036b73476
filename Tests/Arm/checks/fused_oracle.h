/* Attention of a problem in loops in Double, and how far the kernels may be from it. */

/* A score of keys that a row attends is off by d + 8 roundings of what is added up for it, a weight by twice that and a few of
 * its own, a sum of them by one more for each key (Higham 2002, section 3.1; values are at most 1). */
static void FN(compare_with_oracle)(const FUSED *fused, const FN(Problem) *p, FN(Way) way, Tally *tally) {
  const size_t mark = fenced_mark(), keys = p->keys.rows, d = p->queries.cols, dv = p->values.cols;
  const FN(Answer) answer = FN(attend)(fused, p, way, tally);
  double *scores = fenced(keys * sizeof *scores, true), *weighted = fenced(dv * sizeof *weighted, true);
  for (size_t r = 0; r < p->queries.rows; r++) {
    double magnitude = 1, maximum = -INFINITY, sum = 0;
    for (size_t j = 0; j < keys; j++) {
      double score = 0, size = 0;
      for (size_t i = 0; i < d; i++) {
        const double product = (double)*FN(at)(&p->queries, r, i) * (double)*FN(at)(&p->keys, j, i) * (double)p->scale;
        score += product;
        size += fabs(product);
      }
      WIDE final = score;
      scores[j] = FN(apply)(p->rules, r, j, &final) ? (double)final : -INFINITY;
      if (scores[j] == -INFINITY) continue;
      if (size + fabs(scores[j]) > magnitude) magnitude = size + fabs(scores[j]);
      if (scores[j] > maximum) maximum = scores[j];
    }
    for (size_t c = 0; c < dv; c++) weighted[c] = 0;
    for (size_t j = 0; j < keys; j++) {
      if (scores[j] == -INFINITY) continue;
      const double power = exp(scores[j] - maximum);
      sum += power;
      for (size_t c = 0; c < dv; c++) weighted[c] += power * (double)*FN(at)(&p->values, j, c);
    }
    const double allowed = (double)EPSILON / 2 * (2 * (double)(d + 8) * magnitude + (double)keys + 16);
    for (size_t c = 0; c < dv; c++) {
      const double exact = sum == 0 ? 0 : weighted[c] / sum;
      tally_error(tally, fabs((double)*FN(at)(&answer.output, r, c) - exact) / allowed, r, c);
    }
    if (sum == 0) {
      tally_check(tally, answer.log_sum_exp.base[r] == -INFINITY, r, dv);
    } else {
      const double exact = maximum + log(sum), bound = allowed + 4 * (double)EPSILON * fabs(exact);
      tally_error(tally, fabs((double)answer.log_sum_exp.base[r] - exact) / bound, r, dv);
    }
  }
  fenced_release(mark);
}
