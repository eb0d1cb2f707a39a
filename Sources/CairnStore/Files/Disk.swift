/// Where a data directory lies: the operating system's file system, or a simulated one.
///
/// Everything that the store does to files goes through here, what SQLite does included.
public protocol Disk: Sendable {
  /// Under which name SQLite has this disk's file system (its "VFS"); `nil` for the operating system's.
  var sqliteName: String? { get }

  /// Throws `.missing` when there is no such file and the mode makes none.
  func open(_ path: String, _ mode: FileMode) throws(StoreError) -> any DiskFile
  func exists(_ path: String) -> Bool
  /// Names of the files in a directory, sorted; none when it is not there.
  func names(in directory: String) throws(StoreError) -> [String]
  /// - Returns: `false` when it is there already.
  func createDirectory(_ path: String) throws(StoreError) -> Bool
  /// Gone afterwards, whether it was there or not.
  func remove(_ path: String) throws(StoreError)
  /// Takes the place of a file with the other name.
  func rename(_ path: String, to other: String) throws(StoreError)
  /// Makes the names in a directory durable.
  func syncDirectory(_ path: String) throws(StoreError)
}

/// What a file is opened for.
public enum FileMode: Sendable {
  case read
  /// Every write goes to the end of an existing file.
  case append
  /// A new or emptied file.
  case create
  /// For a lock alone.
  case lock
}

/// An open file, closed with its last reference.
public protocol DiskFile: AnyObject, Sendable {
  /// All of the bytes, or an error; after an error some of them may be there.
  func append(_ bytes: [UInt8]) throws(StoreError)
  /// The content's sync: the data, and of the file's attributes its size.
  func syncData() throws(StoreError)
  /// Everything from the start.
  ///
  /// - Parameter limit: in bytes; a longer file is `.tooLarge`.
  func readAll(limit: Int) throws(StoreError) -> [UInt8]
  /// `false` when another process, or another open file of this one, holds the lock; it goes when the file is closed, however
  /// the process ends.
  func tryLock() throws(StoreError) -> Bool
  func unlock()
}
