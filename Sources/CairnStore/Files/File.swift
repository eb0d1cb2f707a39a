#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// An open file of the operating system.
final class File: DiskFile {
  let path: String
  private let descriptor: Int32

  init(_ path: String, _ mode: FileMode) throws(StoreError) {
    let flags =
      switch mode {
      case .read: O_RDONLY
      case .append: O_WRONLY | O_APPEND
      case .create: O_WRONLY | O_CREAT | O_TRUNC
      case .lock: O_RDWR | O_CREAT
      }
    let descriptor = open(path, flags | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      if errno == ENOENT { throw .missing(path: path) }
      throw .system("open", path)
    }
    (self.path, self.descriptor) = (path, descriptor)
  }

  deinit { close(descriptor) }

  func append(_ bytes: [UInt8]) throws(StoreError) {
    var start = 0
    while start < bytes.count {
      let (count, code) = bytes.withUnsafeBytes { buffer in
        (write(descriptor, buffer.baseAddress?.advanced(by: start), bytes.count - start), errno)
      }
      if count < 0 {
        if code == EINTR { continue }
        throw .system("write", path, code: code)
      }
      start += count
    }
  }

  func syncData() throws(StoreError) {
    #if canImport(Darwin)
      guard fcntl(descriptor, F_FULLFSYNC) == 0 else { throw .system("sync", path) }
    #else
      guard fdatasync(descriptor) == 0 else { throw .system("sync", path) }
    #endif
  }

  /// Everything; what a directory needs.
  func syncAll() throws(StoreError) {
    guard fsync(descriptor) == 0 else { throw .system("sync", path) }
  }

  func readAll(limit: Int) throws(StoreError) -> [UInt8] {
    var attributes = stat()
    guard fstat(descriptor, &attributes) == 0 else { throw .system("stat", path) }
    let size = Int(attributes.st_size)
    guard size <= limit else { throw .tooLarge(what: path, limit: limit, actual: size) }
    var bytes = [UInt8](repeating: 0, count: size)
    var start = 0
    while start < size {
      let (count, code) = bytes.withUnsafeMutableBytes { buffer in
        (pread(descriptor, buffer.baseAddress?.advanced(by: start), size - start, off_t(start)), errno)
      }
      if count < 0 {
        if code == EINTR { continue }
        throw .system("read", path, code: code)
      }
      if count == 0 { break }
      start += count
    }
    return Array(bytes.prefix(start))
  }

  func tryLock() throws(StoreError) -> Bool {
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
    if errno == EWOULDBLOCK { return false }
    throw .system("lock", path)
  }

  func unlock() { _ = flock(descriptor, LOCK_UN) }
}

extension StoreError {
  /// The error of the system call that just failed.
  static func system(_ operation: String, _ path: String, code: Int32 = errno) -> StoreError {
    switch code {
    case ENOSPC, EDQUOT, EFBIG: .full(path: path)
    default: .io(path: path, detail: "\(operation): \(String(cString: strerror(code)))")
    }
  }
}
