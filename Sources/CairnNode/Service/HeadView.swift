import CairnChain
import CairnCrypto
import CairnMerkle
import CairnMessages
import NIOCore
import Synchronization

/// A published head with what all answers under it have in common, encoded once.
final class HeadView: Sendable {
  /// Consistency proofs kept for one head. Clients that keep up ask from the same few sizes; the others' proofs are made again.
  private static let consistencyLimit = 256

  let head: PublishedHead
  /// The fields `header` and `certificate` of `Proven`.
  let certifiedHeader: [UInt8]
  /// By the old size: the field `consistency` of `Proven`.
  private let consistency = Mutex<[UInt64: [UInt8]]>([:])

  init(_ head: PublishedHead) {
    self.head = head
    var fields = ByteBuffer()
    fields.writeField(1, head.header.bytes)
    if let certificate = head.certificate {
      let bytes = Canonical.encode(certificate)
      fields.writeFieldHeader(2, byteCount: bytes.count)
      fields.writeBytes(bytes)
    }
    certifiedHeader = [UInt8](fields.readableBytesView)
  }

  var header: Header { head.header }

  func consistency(from oldSize: UInt64, make: () throws(ServiceFailure) -> LogConsistencyProof) throws(ServiceFailure) -> [UInt8] {
    if let known = consistency.withLock({ $0[oldSize] }) { return known }
    let bytes = Canonical.encode(try make().message)
    var field = ByteBuffer()
    field.writeFieldHeader(5, byteCount: bytes.count)
    field.writeBytes(bytes)
    let encoded = [UInt8](field.readableBytesView)
    consistency.withLock { cache in
      if cache.count >= Self.consistencyLimit { cache.removeAll(keepingCapacity: true) }
      cache[oldSize] = encoded
    }
    return encoded
  }
}
