const TABLE FN(SET) = {
    .most_few_rows = WORTHWHILE_FEW_ROWS,
    .exp = FN(exp),
    .softcap = FN(softcap),
    .mask = FN(mask),
    .softmax_rows = FN(softmax_rows),
    .softmax_step = FN(softmax_step),
    .weights = FN(weights),
    .log_sum_exp = FN(log_sum_exp),
    .scale_rows = FN(scale_rows),
    .divide_rows = FN(divide_rows),
    .dot = FN(dot),
    .axpy = FN(axpy),
    .few_rows = FN(few_rows),
    .packs_weights = PACKS_WEIGHTS,
    .least_packed_features = LEAST_PACKED_FEATURES,
    .passing_rows = PASSING_ROWS,
    .packed_size = FN(packed_size),
    .pack = FN(pack),
    .packed_product = FN(packed_product),
    .all_finite = FN(all_finite),
    .widen_f16 = FN(widen_f16),
    .widen_bf16 = FN(widen_bf16),
    .narrow_f16 = FN(narrow_f16),
    .narrow_bf16 = FN(narrow_bf16),
};

#undef WORTHWHILE_FEW_ROWS
#undef PACKS_WEIGHTS
#undef LEAST_PACKED_FEATURES
#undef PASSING_ROWS
#undef V
#undef NEGATIVE_INFINITY
