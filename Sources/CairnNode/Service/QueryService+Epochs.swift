import CairnChain
import CairnCrypto
import CairnLedger
package import CairnMessages
import CairnNetwork
import Foundation
import NIOCore
import SwiftProtobuf
import Synchronization

/// The changes of epochs that were asked for: they stay as they are, and reading one takes two looks at the disk.
final class EpochChanges: Sendable {
  /// A set of validators in each; forgotten all at once, which is simple, and rare.
  private static let limit = 256

  private let known = Mutex<[UInt64: [UInt8]]>([:])

  subscript(epoch: UInt64) -> [UInt8]? {
    get { known.withLock { $0[epoch] } }
    set {
      known.withLock { known in
        if known.count >= Self.limit { known.removeAll(keepingCapacity: true) }
        known[epoch] = newValue
      }
    }
  }
}

extension QueryService {
  /// Bytes of changes in one answer: some hundred with small sets, a handful with the largest.
  private static let changesByteLimit = ServiceLimits.messageByteCount / 2

  /// The changes that lead from an epoch that the client knows to the header's, as fields of `Proven`. Who is too far behind for that asks for
  /// ``epochs(_:)`` first.
  func epochFields(from known: UInt64, to epoch: UInt64, in view: HeadView) throws(ServiceFailure) -> [UInt8] {
    var fields = ByteBuffer()
    for next in known..<epoch {
      fields.writeField(6, try epochChange(next, in: view))
      guard fields.readableBytes <= Self.changesByteLimit else {
        throw ServiceFailure(
          .failedPrecondition, "epochs_behind",
          "The client knows epoch \(known), and this is \(epoch): ask for Epochs from \(known) on first, until that one is reached.")
      }
    }
    return [UInt8](fields.readableBytesView)
  }

  /// What leads from one epoch to the next, a page of it: at least one change, if there is one.
  package func epochs(_ request: ProtoEpochsRequest) throws(ServiceFailure) -> ProtoEpochs {
    let view = view
    var answer = ProtoEpochs()
    answer.epoch = view.header.epoch
    var byteCount = 0
    var epoch = request.from
    while epoch < view.header.epoch {
      let bytes = try epochChange(epoch, in: view)
      byteCount += bytes.count
      guard answer.changes.isEmpty || byteCount <= Self.changesByteLimit, let change = try? ProtoEpochChange(serializedBytes: bytes) else {
        break
      }
      answer.changes.append(change)
      epoch += 1
    }
    return answer
  }

  /// A canonical `EpochChange`: how the epoch ended, and the validators of the next one.
  private func epochChange(_ epoch: UInt64, in view: HeadView) throws(ServiceFailure) -> [UInt8] {
    if let known = epochChanges[epoch] { return known }
    guard let change = try? view.head.state.change(after: epoch, end: backend.end(ofEpoch:containing:)) else { throw .storageFailed }
    let bytes = Canonical.encode(change)
    epochChanges[epoch] = bytes
    return bytes
  }
}
