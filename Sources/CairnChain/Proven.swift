import CairnCrypto
public import CairnMerkle
public import CairnMessages
import Foundation

extension StateProof {
  /// At most 256 steps, because keys have 256 bits; values as long as the tree allows.
  public init(_ message: ProtoStateProof) throws(ChainError) {
    guard message.path.count <= 256 else { throw .encoding(.tooLong(limit: 256, actual: message.path.count)) }
    var path: [Step] = []
    path.reserveCapacity(message.path.count)
    for step in message.path {
      guard let bit = UInt8(exactly: step.bit), let sibling = Digest(step.sibling) else { throw .field("path") }
      path.append(Step(bit: bit, sibling: sibling))
    }
    if message.key.isEmpty {
      guard path.isEmpty, message.value.isEmpty else { throw .field("key") }
      self.init(leaf: nil, path: [])
    } else {
      guard let key = Digest(message.key) else { throw .field("key") }
      self.init(leaf: Leaf(key: key, value: [UInt8](message.value)), path: path)
    }
  }

  public var message: ProtoStateProof {
    var message = ProtoStateProof()
    if let leaf {
      message.key = Data(leaf.key.bytes)
      message.value = Data(leaf.value)
    }
    message.path = path.map { step in
      var message = ProtoStateProofStep()
      message.bit = UInt32(step.bit)
      message.sibling = Data(step.sibling.bytes)
      return message
    }
    return message
  }
}

/// An entry of the log and the proof that it stands there.
public struct LogProof: Hashable, Sendable {
  /// RFC 6962 bytes of the entry.
  public let entry: [UInt8]
  public let proof: InclusionProof

  public init(entry: [UInt8], proof: InclusionProof) {
    self.entry = entry
    self.proof = proof
  }

  public init(_ message: ProtoLogProof) throws(ChainError) {
    guard message.entry.count <= LogEntry.byteLimit else {
      throw .encoding(.tooLong(limit: LogEntry.byteLimit, actual: message.entry.count))
    }
    entry = [UInt8](message.entry)
    proof = InclusionProof(index: message.index, path: try digests(message.path))
  }

  public var message: ProtoLogProof {
    var message = ProtoLogProof()
    message.index = proof.index
    message.entry = Data(entry)
    message.path = proof.path.map { Data($0.bytes) }
    return message
  }
}

extension LogConsistencyProof {
  public init(_ message: ProtoConsistencyProof) throws(ChainError) {
    self.init(oldSize: message.oldSize, newSize: message.newSize, path: try digests(message.path))
  }

  public var message: ProtoConsistencyProof {
    var message = ProtoConsistencyProof()
    message.oldSize = oldSize
    message.newSize = newSize
    message.path = path.map { Data($0.bytes) }
    return message
  }
}

/// A log of 2^62 entries has paths of at most 63 hashes, its consistency proofs one more.
private let logPathLimit = 64

private func digests(_ path: [Data]) throws(ChainError) -> [Digest] {
  guard path.count <= logPathLimit else { throw .encoding(.tooLong(limit: logPathLimit, actual: path.count)) }
  var digests: [Digest] = []
  for hash in path {
    guard let digest = Digest(hash) else { throw .field("path") }
    digests.append(digest)
  }
  return digests
}
