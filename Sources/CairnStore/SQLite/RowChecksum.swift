import CairnCrypto

/// A hash over a row's columns, each with its length before it, so that no two rows have the same bytes.
struct RowChecksum {
  private var hasher = SHA256Hasher()

  init(_ domain: Domain) { hasher.update(domain.prefix) }

  mutating func add(_ value: UInt64) {
    withUnsafeBytes(of: value.bigEndian) { hasher.update($0) }
  }

  mutating func add(_ bytes: [UInt8]) {
    add(UInt64(bytes.count))
    hasher.update(bytes)
  }

  mutating func add(_ digest: Digest) { hasher.update(digest) }

  var digest: Digest { hasher.finalize() }
}
