private import CSodium

/// Secret bytes, wiped when the last reference goes.
///
/// Written once, in the initializer, and only read afterwards; that is what makes it `Sendable`. Not in guarded pages
/// (`sodium_malloc`): a wallet of ten thousand agents would run into the system's limit on mappings.
final class SecretBytes: Sendable {
  private nonisolated(unsafe) let buffer: UnsafeMutableRawBufferPointer

  init(count: Int, initializer: (UnsafeMutableRawBufferPointer) -> Void) {
    _ = Sodium.ready
    buffer = .allocate(byteCount: count, alignment: 16)
    initializer(buffer)
  }

  deinit {
    if let base = buffer.baseAddress { sodium_memzero(base, buffer.count) }
    buffer.deallocate()
  }

  func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result { body(UnsafeRawBufferPointer(buffer)) }
}
