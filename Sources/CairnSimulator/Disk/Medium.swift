/// One node's disk. It outlives the node's lives, and remembers of each only what a disk would.
final class Medium {
  private enum NameChange {
    case link(String, Inode)
    case unlink(String)
  }

  /// What is written as a whole or not at all: of a disk 512 bytes, of memory that keeps its content 64.
  private let sectorByteCount: Int
  private(set) var names: [String: Inode] = [:]
  private var durableNames: [String: Inode] = [:]
  private var pendingNames: [NameChange] = []
  /// New and longer files find no room.
  var isFull = false {
    didSet { wasFull = wasFull || isFull }
  }
  /// Ever.
  private(set) var wasFull = false

  init(sectorByteCount: Int) { self.sectorByteCount = sectorByteCount }

  subscript(name: String) -> Inode? { names[name] }

  /// A file as it would be found after a power cut that loses everything that may be lost.
  func durable(_ name: String) -> Inode? { durableNames[name] }

  func link(_ name: String, _ inode: Inode) {
    names[name] = inode
    pendingNames.append(.link(name, inode))
  }

  func unlink(_ name: String) {
    guard names.removeValue(forKey: name) != nil else { return }
    pendingNames.append(.unlink(name))
  }

  func rename(_ name: String, to other: String) -> Bool {
    guard let inode = names[name] else { return false }
    link(other, inode)
    unlink(name)
    return true
  }

  func syncNames() {
    durableNames = names
    pendingNames = []
  }

  /// What is found afterwards. Names change in order, as a file system's journal has it; each file has a fate of its own.
  func losePower(_ dice: Dice) -> PowerCut {
    for change in pendingNames.prefix(dice.pick(0...pendingNames.count)) {
      switch change {
      case .link(let name, let inode): durableNames[name] = inode
      case .unlink(let name): durableNames[name] = nil
      }
    }
    pendingNames = []
    names = durableNames
    var cut = PowerCut()
    for (name, inode) in sorted where !inode.pending.isEmpty {
      let fate = PowerCut.Fate.allCases[dice.pick(0...PowerCut.Fate.allCases.count - 1)]
      inode.losePower(fate, sectorByteCount: sectorByteCount, dice)
      cut.fates.append((name, fate))
    }
    return cut
  }

  /// What is on stable storage now, to be put back later.
  func snapshot() -> [String: Inode] { durableNames.mapValues { $0.snapshot() } }

  /// Puts an older copy back, of the files whose names the condition holds for.
  func restore(_ snapshot: [String: Inode], where isRestored: (String) -> Bool = { _ in true }) {
    for name in names.keys where isRestored(name) { names[name] = nil }
    for (name, inode) in snapshot where isRestored(name) { names[name] = inode.snapshot() }
    syncNames()
  }

  func wipe() {
    names = [:]
    syncNames()
  }

  /// In one order, whatever the hash table's is.
  var sorted: [(name: String, inode: Inode)] {
    names.sorted { Array($0.key.utf8).lexicographicallyPrecedes(Array($1.key.utf8)) }.map { ($0.key, $0.value) }
  }
}

/// What became of the files with unsynced changes.
struct PowerCut {
  enum Fate: String, CaseIterable {
    case lost
    case kept
    /// Some sectors of some changes are there.
    case torn
  }

  /// By the file's name.
  var fates: [(name: String, fate: Fate)] = []
}
