import NIOCore

/// State that lives on one event loop, and the only door to it from elsewhere.
///
/// What goes through the door is done in the order in which it came from one thread.
struct Confined<State>: Sendable {
  let loop: any EventLoop
  private let bound: NIOLoopBoundBox<State>

  /// Makes the state on the loop, whatever thread this is.
  static func make(on loop: any EventLoop, _ make: @escaping @Sendable () throws -> State) -> EventLoopFuture<Confined<State>> {
    loop.submit { Confined(loop: loop, bound: NIOLoopBoundBox(try make(), eventLoop: loop)) }
  }

  private init(loop: any EventLoop, bound: NIOLoopBoundBox<State>) {
    self.loop = loop
    self.bound = bound
  }

  func enter(_ body: @escaping @Sendable (State) -> Void) {
    loop.execute { body(bound.value) }
  }

  func submit<Result: Sendable>(_ body: @escaping @Sendable (State) throws -> Result) -> EventLoopFuture<Result> {
    loop.submit { try body(bound.value) }
  }
}
