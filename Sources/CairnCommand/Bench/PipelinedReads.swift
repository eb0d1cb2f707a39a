import CairnClient
import CairnIdentity
import NIOCore
import Synchronization

/// Resolutions over one connection of Cairn RPC, so many on their way at a time, each verified where it arrives.
final class PipelinedReads: Sendable {
  private struct State {
    var inFlight = 0
    var next = 0
    var done: CheckedContinuation<Void, Never>?
  }

  private let dids: [CairnDID]
  private let connection: VerifiedConnection
  private let meter: ReadMeter
  private let state = Mutex(State())

  init(_ dids: [CairnDID], over connection: VerifiedConnection, _ meter: ReadMeter) {
    (self.dids, self.connection, self.meter) = (dids, connection, meter)
  }

  func run(inFlight count: Int) async {
    await withCheckedContinuation { done in
      state.withLock { ($0.done, $0.inFlight) = (done, count) }
      connection.eventLoop.execute { [self] in
        for _ in 0..<count { askNext() }
      }
    }
  }

  private func askNext() {
    guard !meter.isOver else { return leave() }
    let did = state.withLock { state in
      defer { state.next = (state.next + 1) % dids.count }
      return dids[state.next]
    }
    let start = NIODeadline.now()
    connection.resolve(did) { [self] answer in
      switch answer {
      case .success(let resolution) where resolution.resolved != nil:
        meter.succeeded(since: start, byteCount: resolution.proof.count)
        askNext()
      case .success:
        meter.failed("not_found", isDishonest: false)
        leave()
      case .failure(let error):
        meter.failed(error.problemReason, isDishonest: error.isDishonest)
        leave()
      }
    }
  }

  private func leave() {
    let done: CheckedContinuation<Void, Never>? = state.withLock { state in
      state.inFlight -= 1
      guard state.inFlight == 0 else { return nil }
      defer { state.done = nil }
      return state.done
    }
    done?.resume()
  }
}
