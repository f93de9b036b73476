extension AttentionPlan {
  /// The most rows and keys of a tile of the tiled path, for tests to stand just beside their edges.
  package var tileSize: (rows: Int, keys: Int) {
    let tiling = AttentionTiling(shape: shape, followsEdge: mask.hasEdge)
    return (tiling.rowsPerPiece, tiling.keysPerTile)
  }
}
