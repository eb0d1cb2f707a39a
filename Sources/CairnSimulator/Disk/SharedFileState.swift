import CSQLite

/// What the connections of one life share about one database file: SQLite's locks and its shared memory.
final class SharedFileState {
  /// Keeps the inode, whose identity is this state's key, from being another's.
  private let inode: Inode
  private var levels: [Int: Int32] = [:]
  private var regions: [UnsafeMutableRawPointer] = []
  private var memoryLocks: [[Int: MemoryLock]] = Array(repeating: [:], count: Int(SQLITE_SHM_NLOCK))

  private enum MemoryLock { case shared, exclusive }

  init(_ inode: Inode) { self.inode = inode }

  deinit { for region in regions { region.deallocate() } }

  func level(of handle: Int) -> Int32 { levels[handle] ?? SQLITE_LOCK_NONE }

  /// - Returns: `false` when another connection stands in the way.
  func lock(_ handle: Int, _ level: Int32) -> Bool {
    let highest = levels.filter { $0.key != handle }.values.max() ?? SQLITE_LOCK_NONE
    let isFree =
      switch level {
      case SQLITE_LOCK_SHARED: highest < SQLITE_LOCK_PENDING
      case SQLITE_LOCK_RESERVED: highest < SQLITE_LOCK_RESERVED
      default: highest < SQLITE_LOCK_SHARED
      }
    if isFree { levels[handle] = max(level, self.level(of: handle)) }
    return isFree
  }

  func unlock(_ handle: Int, _ level: Int32) { levels[handle] = level == SQLITE_LOCK_NONE ? nil : level }

  var isReserved: Bool { levels.values.contains { $0 >= SQLITE_LOCK_RESERVED } }

  func region(_ index: Int, byteCount: Int, extends: Bool) -> UnsafeMutableRawPointer? {
    while extends, regions.count <= index {
      let region = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 16)
      region.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
      regions.append(region)
    }
    return index < regions.count ? regions[index] : nil
  }

  func lockMemory(_ handle: Int, _ slots: Range<Int>, isExclusive: Bool) -> Bool {
    for slot in slots {
      let others = memoryLocks[slot].filter { $0.key != handle }.values
      if isExclusive ? !others.isEmpty : others.contains(.exclusive) { return false }
    }
    for slot in slots { memoryLocks[slot][handle] = isExclusive ? .exclusive : .shared }
    return true
  }

  func unlockMemory(_ handle: Int, _ slots: Range<Int>) {
    for slot in slots { memoryLocks[slot][handle] = nil }
  }

  func forget(_ handle: Int) {
    levels[handle] = nil
    unlockMemory(handle, 0..<memoryLocks.count)
  }
}
