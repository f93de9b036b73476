/// How much of the orthogonal factors of an [M, N] matrix is computed; K = min(M, N).
public enum FactorizationMode: Sendable, Hashable, CaseIterable {
  /// The K columns that the matrix needs: numpy's `qr(mode="reduced")`, `svd(full_matrices=False)`.
  case reduced
  /// Square orthogonal factors, [M, M] and [N, N]: numpy's `qr(mode="complete")`, `svd(full_matrices=True)`.
  case full
}
