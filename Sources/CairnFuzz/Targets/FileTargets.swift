import CairnChain
import CairnClient
import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMerkle
import CairnMessages
import Foundation
import SwiftProtobuf

/// Files that commands read, and other people wrote.
extension FuzzTarget {
  static let bundle = FuzzTarget(
    "bundle", "bundles of a credential's verification", byteLimit: 32 << 10, isProtobuf: true, vectors: [],
    seeds: {
      let world = FuzzWorld.shared
      return try world.credentials.map { document in
        var message = ProtoCredentialBundle()
        message.version = 1
        message.document = Data(document)
        message.sessions = [Data(try session.presentation.bytes)]
        let question = ProtoResolveRequest.with { $0.did = world.agent.description }
        message.answers = [
          .with {
            $0.resolve = question
            $0.proven = world.proven(for: world.agent.stateKey, payload: [])
          }
        ]
        return Canonical.encode(message)
      }
    }
  ) { input in
    guard let bundle = try? CredentialBundle(decoding: input) else { return false }
    try require(bundle.bytes == input, "what was accepted encodes to other bytes")
    return true
  }

  static let receipt = FuzzTarget(
    "receipt", "receipts of decisions that a block made, and what they allow", byteLimit: 32 << 10, isProtobuf: true,
    seeds: {
      let world = FuzzWorld.shared
      return try world.rows.filter { try StateValue(decoding: $0.value).type == .access }.map { row in
        Canonical.encode(world.proven(for: row.key, payload: row.record))
      }
    }
  ) { input in
    guard let receipt = try? AccessReceipt(decoding: input) else { return false }
    try require(receipt.bytes == input, "what was accepted encodes to other bytes")
    let world = FuzzWorld.shared
    let demand = AccessReceipt.Demand(
      action: "use", resource: "staging/shop", contract: FuzzWorld.contractID.name, bearer: .key(FuzzWorld.key(10).publicKey))
    let isBelieved = (try? receipt.verify(demand, anchor: world.anchor, now: world.head.timeMilliseconds)) != nil
    try require(!isBelieved || receipt.record.request == world.accessRequest.id, "a receipt that no block gave")
    return true
  }

  static let sessionBatch = FuzzTarget(
    "session-batch", "session batches as their controller keeps them, and how each DID is shown", byteLimit: 32 << 10, isProtobuf: true,
    seeds: { [try session.file] }
  ) { input in
    guard let file = try? SessionBatchFile(decoding: input) else { return false }
    try require(file.bytes == input, "what was accepted encodes to other bytes")
    for index in [0, file.count - 1] {
      guard let shown = file.presentation(at: index) else { throw FuzzFinding(description: "a DID of the batch that cannot be shown") }
      try require(try SessionPresentation(decoding: shown.bytes) == shown, "what is shown reads back otherwise")
    }
    return true
  }

  static let sessionPresentation = canonical(
    "session-presentation", "session DIDs as they are shown", seeds: { [try session.presentation.bytes] }
  ) { try SessionPresentation(decoding: $0).bytes }

  private static var session: (file: [UInt8], presentation: SessionPresentation) {
    get throws {
      let world = FuzzWorld.shared
      var message = ProtoSessionBatchFile()
      message.version = 1
      message.batch = StatusListID(issuer: world.owner, sessions: .sha256([1])).description
      message.expiresMs = 1_700_000_100_000
      message.creates = try (UInt8(20)..<24).map { number in
        let session = try SessionDID(
          control: Control(update: FuzzWorld.key(number).publicKey, next: FuzzWorld.key(number + 1).publicKey),
          document: FuzzWorld.document(number), salt: [UInt8](repeating: number, count: 16), network: world.network)
        return Data(session.createBytes)
      }
      let bytes = Canonical.encode(message)
      guard let shown = try SessionBatchFile(decoding: bytes).presentation(at: 2) else { preconditionFailure("the batch has four") }
      return (bytes, shown)
    }
  }
}

extension FuzzWorld {
  /// A proof of one row of the newest state.
  func proven(for key: Digest, payload: [UInt8]) -> ProtoProven {
    var proven = ProtoProven()
    proven.header = Data(head.bytes)
    proven.certificate = certificates[certificates.count - 1]
    proven.state = [state.tree.proof(for: key).message]
    proven.payload = Data(payload)
    return proven
  }
}
