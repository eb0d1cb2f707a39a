import CairnStore
import Synchronization

/// What a disk is asked to do that can go wrong, or be cut off.
enum DiskOperation: String, CaseIterable {
  case write, sync, truncate, rename, remove, syncNames = "sync_names"
}

/// A disk in one life of its node: from power on to power off.
final class DiskSession {
  /// What happens to an operation.
  enum Outcome {
    case done
    /// Power goes before it.
    case cutBefore
    /// Power goes after it.
    case cutAfter
    case full
    case failed
  }

  private static let sessions = Mutex<(next: UInt64, open: [UInt64: Unshared<DiskSession>])>((1, [:]))

  let medium: Medium
  /// Names this session in paths, among all simulations of the process.
  let id: UInt64
  private(set) var isOff = false
  /// Asked before each operation.
  private let judge: (DiskOperation, String) -> Outcome
  /// Told when the power goes.
  private let cut: () -> Void
  private var shared: [ObjectIdentifier: SharedFileState] = [:]

  init(_ medium: Medium, judge: @escaping (DiskOperation, String) -> Outcome, cut: @escaping () -> Void) {
    (self.medium, self.judge, self.cut) = (medium, judge, cut)
    id = Self.sessions.withLock { sessions in
      defer { sessions.next += 1 }
      return sessions.next
    }
    let session = Unshared(self)
    Self.sessions.withLock { $0.open[id] = session }
  }

  /// Nothing is read or written from here on.
  func powerOff() { isOff = true }

  /// After this no path leads here.
  func close() {
    isOff = true
    _ = Self.sessions.withLock { $0.open.removeValue(forKey: id) }
  }

  /// The session of a path, and the name on its disk.
  static func find(_ path: String) -> (session: DiskSession, name: String)? {
    let parts = path.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: true)
    guard parts.count == 3, parts[0] == "simulated", let id = UInt64(parts[1]) else { return nil }
    return sessions.withLock { $0.open[id] }.map { ($0.value, String(parts[2])) }
  }

  /// Of the data directory.
  var path: String { "/simulated/\(id)/data" }

  /// Does something that can go wrong.
  func perform(_ operation: DiskOperation, _ name: String, _ body: () -> Void) -> Outcome {
    guard !isOff else { return .failed }
    let outcome = judge(operation, name)
    switch outcome {
    case .done: body()
    case .cutBefore: turnOff()
    case .cutAfter:
      body()
      turnOff()
    case .full, .failed: break
    }
    return outcome
  }

  private func turnOff() {
    isOff = true
    cut()
  }

  /// Locks and shared memory, which a crash forgets.
  func sharedState(of inode: Inode) -> SharedFileState {
    let key = ObjectIdentifier(inode)
    if let state = shared[key] { return state }
    let state = SharedFileState(inode)
    shared[key] = state
    return state
  }
}

extension DiskSession.Outcome {
  func check(_ path: String) throws(StoreError) {
    switch self {
    case .done: return
    case .full: throw .full(path: path)
    case .cutBefore, .cutAfter, .failed: throw .io(path: path, detail: "simulated")
    }
  }
}
