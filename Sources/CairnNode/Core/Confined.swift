import NIOCore

/// State that lives on one event loop, and the only door to it from elsewhere.
///
/// What goes through the door is done in the order in which it came from one thread.
struct Confined<State>: Sendable {
  let loop: any EventLoop
  private let bound: NIOLoopBoundBox<State>

  /// On the loop.
  init(_ state: State, on loop: any EventLoop) {
    self.loop = loop
    bound = NIOLoopBoundBox(state, eventLoop: loop)
  }

  /// For whoever is on the loop; traps elsewhere.
  var value: State { bound.value }

  func enter(_ body: @escaping @Sendable (State) -> Void) {
    loop.execute { body(bound.value) }
  }

  func submit<Result: Sendable>(_ body: @escaping @Sendable (State) throws -> Result) -> EventLoopFuture<Result> {
    loop.submit { try body(bound.value) }
  }
}
