public import CairnChain
package import CairnCrypto
package import CairnMessages

/// The rows that a node proved, one by one as a decision asks for them: how a client checks an answer.
///
/// Which rows there must be, the decision says and not the node. A row that is missing, of another key or changed is no answer.
package struct ProvenRows: AccessRows {
  let header: CertifiedHeader
  let proofs: [ProtoStateProof]
  let records: [[UInt8]]
  /// The version of the contract that the answer brought, or that is known from before.
  let contract: KnownContract?
  private var count = 0

  package init(_ header: CertifiedHeader, proofs: [ProtoStateProof], records: [[UInt8]], contract: KnownContract?) {
    (self.header, self.proofs, self.records, self.contract) = (header, proofs, records, contract)
  }

  /// Whether the answer has rows that nothing asked for.
  package var hasMore: Bool { count < max(proofs.count, records.count) }

  package mutating func record(forKey key: Digest, type: StateType) throws(AccessProofError) -> [UInt8]? {
    guard count < proofs.count, count < records.count else { throw .missingRow }
    let (proof, record) = (proofs[count], records[count])
    count += 1
    let value: [UInt8]?
    do throws(LightClientError) { value = try header.value(of: key, proof: proof) } catch { throw .proof(error) }
    guard let value else {
      guard record.isEmpty else { throw .wrongRecord }
      return nil
    }
    guard let state = try? StateValue(decoding: value), state.type == type, state.recordHash == .sha256(record) else { throw .wrongRecord }
    return record
  }

  package func contract(_ record: ContractRecord) throws(AccessProofError) -> CompiledContract {
    guard let contract, contract.hash == record.hash else { throw .wrongContract }
    return contract.compiled
  }

  package func unreadable(_ key: Digest) -> AccessProofError { .wrongRecord }
}

/// A version of a contract, compiled, and its hash.
package struct KnownContract: Sendable {
  package let hash: Digest
  let compiled: CompiledContract

  package init(_ version: ContractVersion) throws(ContractFault) { (hash, compiled) = (version.hash, try CompiledContract(version)) }
}

/// Why an answer about an authorization is not believed.
public enum AccessProofError: Error, Equatable, Sendable {
  /// Not of the row that the decision has to look at, or not under the header.
  case proof(LightClientError)
  /// The decision has to look at a row that is not there.
  case missingRow
  /// The answer has what the decision does not look at.
  case superfluous
  /// A record is not what the state commits to.
  case wrongRecord
  /// The contract is not the version that is in force.
  case wrongContract
  /// The node decided otherwise than its own proofs say.
  case otherDecision

  /// Machine readable.
  public var reason: String {
    switch self {
    case .proof(let error): error.reason
    case .missingRow: "missing_row"
    case .superfluous: "superfluous_row"
    case .wrongRecord: "record_hash_mismatch"
    case .wrongContract: "wrong_contract"
    case .otherDecision: "other_decision"
    }
  }
}
