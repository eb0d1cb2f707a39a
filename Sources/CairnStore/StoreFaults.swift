/// A moment at which something is made durable.
public enum DurablePoint: String, CaseIterable, Hashable, Sendable {
  case chainCommit = "chain_commit"
  case chainCheckpoint = "chain_checkpoint"
  case stateCommit = "state_commit"
  case stateCheckpoint = "state_checkpoint"
  case indexCommit = "index_commit"
  case indexCheckpoint = "index_checkpoint"
  case safetyAppend = "safety_append"
  case safetySync = "safety_sync"
  /// A whole file is written under a temporary name: a new or compacted safety log, the format file.
  case fileWrite = "file_write"
  case fileSync = "file_sync"
  case fileRename = "file_rename"
  case directorySync = "directory_sync"
}

/// Stands before and after each durable operation, for tests that crash, fill the disk or fail a sync there.
///
/// What it throws is treated as if the operation (`before`), or the process right after it (`after`), had failed.
public protocol StoreFaults: Sendable {
  func before(_ point: DurablePoint) throws(StoreError)
  func after(_ point: DurablePoint) throws(StoreError)
}

/// Production: nothing ever happens.
public struct NoFaults: StoreFaults {
  public init() {}
  public func before(_ point: DurablePoint) throws(StoreError) {}
  public func after(_ point: DurablePoint) throws(StoreError) {}
}

extension StoreFaults {
  func around<Result>(_ point: DurablePoint, _ body: () throws(StoreError) -> Result) throws(StoreError) -> Result {
    try before(point)
    let result = try body()
    try after(point)
    return result
  }
}
