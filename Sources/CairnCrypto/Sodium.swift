private import CSodium

/// libsodium, initialized. Every use goes through `ready`, so that none can come before `sodium_init`.
package enum Sodium {
  /// Traps when the library cannot start: without it nothing here is safe to run.
  package static let ready: Void = {
    precondition(sodium_init() >= 0, "libsodium could not be initialized")
  }()

  /// Uniform random bytes from the operating system.
  package static func randomBytes(_ count: Int) -> [UInt8] {
    _ = ready
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      if let base = buffer.baseAddress { randombytes_buf(base, count) }
      initialized = count
    }
  }
}

/// `count` uniform random bytes from the operating system.
public func randomBytes(_ count: Int) -> [UInt8] { Sodium.randomBytes(count) }
