import CSQLite
import Foundation

/// How long it takes to make something durable on a file system.
struct DiskProbe {
  /// One row of 512 bytes in one SQLite transaction: WAL, `synchronous=FULL`.
  let transaction: LatencyHistogram
  /// An append of 4 KiB and `fdatasync`.
  let sync: LatencyHistogram

  private static let transactionCount = 300
  private static let syncCount = 200

  static func measure(in directory: String) throws(CommandFailure) -> DiskProbe {
    DiskProbe(transaction: try transactions(directory + "/probe.db"), sync: try syncs(directory + "/probe.bin"))
  }

  private static func syncs(_ path: String) throws(CommandFailure) -> LatencyHistogram {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure(path, Files.systemError()) }
    defer {
      close(descriptor)
      unlink(path)
    }
    let page = [UInt8](repeating: 1, count: 4096)
    let clock = ContinuousClock()
    var histogram = LatencyHistogram()
    for _ in 0..<syncCount {
      let start = clock.now
      guard write(descriptor, page, page.count) == page.count, fdatasync(descriptor) == 0 else {
        throw failure(path, Files.systemError())
      }
      histogram.add(nanoseconds: start.duration(to: clock.now).nanoseconds)
    }
    return histogram
  }

  private static func transactions(_ path: String) throws(CommandFailure) -> LatencyHistogram {
    var handle: OpaquePointer?
    defer {
      sqlite3_close_v2(handle)
      for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
    }
    guard sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nil) == SQLITE_OK else {
      throw failure(path, String(cString: sqlite3_errmsg(handle)))
    }
    func execute(_ sql: String) throws(CommandFailure) {
      guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw failure(path, String(cString: sqlite3_errmsg(handle))) }
    }
    try execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE probe (id INTEGER PRIMARY KEY, value BLOB)")
    let clock = ContinuousClock()
    var histogram = LatencyHistogram()
    for _ in 0..<transactionCount {
      let start = clock.now
      try execute("INSERT INTO probe (value) VALUES (randomblob(512))")
      histogram.add(nanoseconds: start.duration(to: clock.now).nanoseconds)
    }
    return histogram
  }

  private static func failure(_ path: String, _ problem: String) -> CommandFailure {
    .refused("disk_probe", "\(path) cannot be written (\(problem)): set TMPDIR to a directory with room.")
  }
}
