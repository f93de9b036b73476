internal import Tensors

extension AttentionPlan {
  /// Computes the attention of caller-owned memory, read and written where it lies.
  ///
  /// - Parameters:
  ///   - shape: this run's sizes; nil: the plan's.
  ///   - queries: memory that holds [B, H, L, D].
  ///   - queryStrides: where its rows are.
  ///   - keys: memory that holds [B, G, S, D].
  ///   - keyStrides: where its rows are.
  ///   - values: memory that holds [B, G, S, Dv].
  ///   - valueStrides: where its rows are.
  ///   - mask: replaces the plan's; nil: the plan's.
  ///   - output: memory that receives [B, H, L, Dv]; what lies between its rows is not touched.
  ///   - outputStrides: where its rows go.
  ///   - workspace: from ``makeWorkspace()``.
  /// - Returns: the details that the options ask for.
  /// - Throws: ``AttentionError/spanTooShort(name:expected:actual:)``, ``AttentionError/argument(name:expected:actual:)`` for strides
  ///   that make rows overlap, and what ``run(queries:keys:values:mask:into:workspace:)-(_,_,_,_,Tensor<Scalar>,_)`` throws.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  @discardableResult
  public func run(
    shape: AttentionShape? = nil, queries: Span<Scalar>, queryStrides: HeadStrides, keys: Span<Scalar>,
    keyStrides: HeadStrides, values: Span<Scalar>, valueStrides: HeadStrides, mask: AttentionMask<Scalar>? = nil,
    into output: inout MutableSpan<Scalar>, outputStrides: HeadStrides,
    workspace: inout AttentionWorkspace<Scalar>
  ) throws(AttentionError) -> AttentionDetails<Scalar> {
    let actual = shape ?? self.shape
    try checkCapacity(actual)
    let (b, h, g, l, s) = (actual.batch, actual.heads, actual.keyValueHeads, actual.queries, actual.keys)
    let (d, dv) = (actual.headSize, actual.valueHeadSize)
    let queryStrides = try queryStrides.checked("queries", b, h, l, d, count: queries.count)
    let keyStrides = try keyStrides.checked("keys", b, g, s, d, count: keys.count)
    let valueStrides = try valueStrides.checked("values", b, g, s, dv, count: values.count)
    let outputStrides = try outputStrides.checked("output", b, h, l, dv, count: output.count)
    try outputStrides.checkDistinct("output", b, h, l, dv)
    var details = try AttentionDetails<Scalar>(options.details, shape: actual)
    // Typed errors can't leave the closures of spans: carried out by hand.
    var failure: AttentionError?
    queries.withUnsafeBufferPointer { queries in
      keys.withUnsafeBufferPointer { keys in
        values.withUnsafeBufferPointer { values in
          output.withUnsafeMutableBufferPointer { output in
            withUnsafeTemporaryAllocation(of: Scalar.self, capacity: 1) { nothing in
              // An empty operand is never read: any address stands for it.
              guard let unused = nothing.baseAddress else { return }
              do throws(AttentionError) {
                try execute(
                  AttentionOperands(
                    shape: actual,
                    queries: HeadMatrices(base: queries.baseAddress ?? UnsafePointer(unused), strides: queryStrides),
                    keys: KeyValueRows(
                      HeadMatrices(base: keys.baseAddress ?? UnsafePointer(unused), strides: keyStrides), columns: d),
                    values: KeyValueRows(
                      HeadMatrices(base: values.baseAddress ?? UnsafePointer(unused), strides: valueStrides),
                      columns: dv),
                    output: MutableHeadMatrices(base: output.baseAddress ?? unused, strides: outputStrides)),
                  mask: mask, &details, &workspace)
              } catch {
                failure = error
              }
            }
          }
        }
      }
    }
    if let failure { throw failure }
    return details
  }
}
