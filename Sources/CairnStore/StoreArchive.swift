public import CairnCrypto

/// A data directory opened to be read alone, while no node has it open. Nothing in it is made, changed or repaired.
public final class StoreArchive: Sendable {
  public let directory: DataDirectory
  public let chain: ChainReader
  public let state: StateReader
  /// Held as long as the archive is.
  private let lock: any DiskFile
  let network: Digest
  let files = FileSystem()

  /// - Parameter network: refused with `.wrongNetwork` when the directory is another's.
  public init(path: String, network: Digest) throws(StoreError) {
    self.network = network
    directory = DataDirectory(path: path)
    guard let format = try DataFormat.read(directory.format, files) else { throw .missing(path: directory.format) }
    try format.check(directory.format, network: network)
    lock = try files.open(directory.lock, .lock)
    guard try lock.tryLock() else { throw .locked(directory: path) }
    chain = try ChainReader(path: directory.chainDatabase, network: network, files: files)
    state = try StateReader(path: directory.stateDatabase, network: network, files: files)
  }
}
