import CairnCrypto
import CairnIdentity
import CairnLedger
import CairnMessages
import CairnNetwork

/// Which transactions a stream of events has as themselves: those with an operation that matches every list which is not empty.
struct EventFilter: Sendable {
  private let kinds: Set<String>
  private let dids: Set<String>
  private let issuers: Set<String>
  private let contracts: Set<String>
  private let network: Digest

  /// - Parameter message: of a client.
  init(_ message: ProtoEventFilter, network: Digest) throws(ServiceFailure) {
    let limit = ServiceLimits.eventFilterValueCount
    guard message.kinds.count + message.dids.count + message.issuers.count + message.contracts.count <= limit else {
      throw ServiceFailure(
        .invalidArgument, "filter_too_large", "A filter has at most \(limit) values: subscribe without one and choose on your side.")
    }
    for kind in message.kinds where !OperationSubject.kinds.contains(kind) {
      let known = OperationSubject.kinds.sorted().joined(separator: ", ")
      throw ServiceFailure(.invalidArgument, "unknown_kind", "The filter names a kind of operation that is none of these: \(known).")
    }
    for contract in message.contracts where ContractID(contract) == nil { throw .invalidContract }
    self.network = network
    kinds = Set(message.kinds)
    dids = try Self.checked(message.dids, network)
    issuers = try Self.checked(message.issuers, network)
    contracts = Set(message.contracts)
  }

  var isEmpty: Bool { kinds.isEmpty && dids.isEmpty && issuers.isEmpty && contracts.isEmpty }

  private static func checked(_ texts: [String], _ network: Digest) throws(ServiceFailure) -> Set<String> {
    let prefix = CairnDID.networkPrefix(of: network)
    for text in texts {
      let did: CairnDID
      do { did = try CairnDID(parsing: text) } catch { throw ServiceFailure(error) }
      guard did.networkPrefix == prefix else { throw .foreignDID(expected: prefix) }
    }
    return Set(texts)
  }

  /// - Parameter transaction: of the finalized log.
  func matches(_ transaction: [UInt8]) -> Bool {
    isEmpty || Transaction.subjects(ofFinalized: transaction, network: network).contains(where: matches)
  }

  private func matches(_ subject: OperationSubject) -> Bool {
    (kinds.isEmpty || kinds.contains(subject.kind))
      && (dids.isEmpty || subject.did.map(dids.contains) ?? false)
      && (issuers.isEmpty || subject.issuer.map(issuers.contains) ?? false)
      && (contracts.isEmpty || subject.contract.map(contracts.contains) ?? false)
  }
}
