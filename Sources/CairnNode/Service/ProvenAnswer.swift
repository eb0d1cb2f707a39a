import CairnChain
import CairnCrypto
import CairnMerkle
package import CairnMessages
package import NIOCore
import SwiftProtobuf

/// The parts of a `Proven` message, before they are written.
///
/// Written by hand, because the generated code takes several times as long and this is most of what a node does for its
/// readers; the tests hold the two against each other.
package struct ProvenAnswer: Sendable {
  let view: HeadView
  var state: [StateProof] = []
  var log: [LogProof] = []
  /// The field with its tag; empty when the client needs no proof.
  var consistency: [UInt8] = []
  /// The fields with their tags; empty when the client knows the header's epoch.
  var epochs: [UInt8] = []
  var payload: [UInt8] = []

  init(under view: HeadView) { self.view = view }

  package func write(to buffer: inout ByteBuffer) {
    buffer.reserveCapacity(minimumWritableBytes: byteCount)
    buffer.writeBytes(view.certifiedHeader)
    for proof in state { buffer.write(proof) }
    for proof in log { buffer.write(proof) }
    buffer.writeBytes(consistency)
    buffer.writeBytes(epochs)
    buffer.writeField(7, payload)
  }

  /// Of the encoding.
  package var byteCount: Int {
    view.certifiedHeader.count + consistency.count + epochs.count + WireSize.field(byteCount: payload.count)
      + state.reduce(0) { $0 + WireSize.message(byteCount: $1.wireByteCount) }
      + log.reduce(0) { $0 + WireSize.message(byteCount: $1.wireByteCount) }
  }

  package var encoded: ByteBuffer {
    var buffer = ByteBuffer()
    write(to: &buffer)
    return buffer
  }

  package var message: ProtoProven {
    guard let message = try? ProtoProven(serializedBytes: [UInt8](encoded.readableBytesView)) else {
      preconditionFailure("what is written here is a Proven message")
    }
    return message
  }
}

extension StateProof {
  var wireByteCount: Int {
    let leaf = leaf.map { WireSize.digest + WireSize.field(byteCount: $0.value.count) } ?? 0
    return path.reduce(leaf) { $0 + WireSize.message(byteCount: $1.wireByteCount) }
  }
}

extension StateProof.Step {
  fileprivate var wireByteCount: Int { WireSize.field(UInt64(bit)) + WireSize.digest }
}

extension LogProof {
  var wireByteCount: Int {
    WireSize.field(proof.index) + WireSize.field(byteCount: entry.count) + proof.path.count * WireSize.digest
  }
}

extension ByteBuffer {
  fileprivate mutating func write(_ proof: StateProof) {
    writeFieldHeader(3, byteCount: proof.wireByteCount)
    if let leaf = proof.leaf {
      writeField(1, leaf.key)
      writeField(2, leaf.value)
    }
    for step in proof.path {
      writeFieldHeader(3, byteCount: step.wireByteCount)
      writeField(1, UInt64(step.bit))
      writeField(2, step.sibling)
    }
  }

  fileprivate mutating func write(_ proof: LogProof) {
    writeFieldHeader(4, byteCount: proof.wireByteCount)
    writeField(1, proof.proof.index)
    writeField(2, proof.entry)
    for hash in proof.proof.path { writeField(3, hash) }
  }
}
