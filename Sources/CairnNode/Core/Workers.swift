import NIOCore
import NIOPosix

/// Where work is done that no event loop may wait for: threads, or what stands for them in a simulation.
package protocol Workers: Sendable {
  /// In turn with what was given before.
  ///
  /// - Parameter work: told whether it shall do anything: not when the workers were stopped before its turn came.
  func perform(_ work: @escaping @Sendable (_ isActive: Bool) -> Void)
}

extension Workers {
  /// - Returns: what came out, on the loop; a `CancellationError` when the workers were stopped before.
  func run<Result: Sendable>(
    on loop: any EventLoop, _ body: @escaping @Sendable () throws -> Result
  ) -> EventLoopFuture<Result> {
    let promise = loop.makePromise(of: Result.self)
    perform { isActive in
      guard isActive else { return promise.fail(CancellationError()) }
      promise.completeWith(Swift.Result(catching: body))
    }
    return promise.futureResult
  }
}

extension NIOThreadPool: Workers {
  package func perform(_ work: @escaping @Sendable (_ isActive: Bool) -> Void) {
    submit { work($0 == .active) }
  }
}
