public import CairnIdentity
public import Foundation

/// A ``StatusIndexBook`` on disk, which several processes of one issuer may use at a time.
public struct StatusIndexFile: Sendable {
  public let url: URL

  public init(_ url: URL) { self.url = url }

  /// Draws indices, and returns when the file remembers them: an index is lost sooner than given twice.
  ///
  /// - Parameters:
  ///   - list: for which the file is made when there is none.
  ///   - length: of the list, in bits.
  public func take(_ count: Int = 1, of list: StatusListID, length: UInt32) throws(StatusIndexError) -> [UInt32] {
    let lock = try lock()
    defer { close(lock) }
    var book = try read() ?? StatusIndexBook(list: list, length: length)
    guard book.list == list else { throw .otherList(book.list) }
    guard book.length == length else { throw .malformed }
    let indices = book.take(count)
    guard indices.count == count else { throw .full(remaining: book.remaining) }
    try replace(with: book.bytes)
    return indices
  }

  /// - Returns: a descriptor, whose closing ends the lock.
  private func lock() throws(StatusIndexError) -> Int32 {
    let descriptor = open(url.path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .file(Self.systemError()) }
    while flock(descriptor, LOCK_EX) != 0 {
      guard errno == EINTR else {
        close(descriptor)
        throw .file(Self.systemError())
      }
    }
    return descriptor
  }

  /// `nil` when there is no such file.
  private func read() throws(StatusIndexError) -> StatusIndexBook? {
    guard access(url.path, F_OK) == 0 else { return nil }
    let handle: FileHandle
    let data: Data?
    do {
      handle = try FileHandle(forReadingFrom: url)
      data = try handle.read(upToCount: StatusIndexBook.byteLimit + 1)
    } catch { throw .file(error.localizedDescription) }
    return try StatusIndexBook(decoding: [UInt8](data ?? Data()))
  }

  /// At any moment the file has its old or its new content.
  private func replace(with bytes: [UInt8]) throws(StatusIndexError) {
    let temporary = url.path + ".new"
    unlink(temporary)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .file(Self.systemError()) }
    var start = 0
    while start < bytes.count {
      let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress?.advanced(by: start), bytes.count - start) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      start += count
    }
    let isWritten = start == bytes.count && fsync(descriptor) == 0
    close(descriptor)
    guard isWritten, rename(temporary, url.path) == 0 else { throw .file(Self.systemError()) }
  }

  private static func systemError() -> String { String(cString: strerror(errno)).lowercased() }
}
