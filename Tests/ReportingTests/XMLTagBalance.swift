/// Whether every opened element is closed, in order.
struct XMLTagBalance {
  let isBalanced: Bool

  init(_ text: String) {
    var open: [Substring] = []
    var isBalanced = true
    for piece in text.split(separator: "<", omittingEmptySubsequences: false).dropFirst() {
      guard let end = piece.firstIndex(of: ">") else {
        isBalanced = false
        break
      }
      let tag = piece[..<end]
      if tag.hasPrefix("/") {
        if open.popLast() != tag.dropFirst() { isBalanced = false }
      } else if !tag.hasSuffix("/") {
        open.append(tag.prefix { $0 != " " })
      }
    }
    self.isBalanced = isBalanced && open.isEmpty
  }
}
