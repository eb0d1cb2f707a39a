/// From a node's start to its stop or crash. What one life planned does not happen in the next.
final class Lifetime {
  let node: Int
  private(set) var isOver = false

  init(node: Int) { self.node = node }

  func end() { isOver = true }
}
