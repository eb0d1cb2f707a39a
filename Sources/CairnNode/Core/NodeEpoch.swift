import CairnChain
import CairnCrypto
import CairnLedger
import CairnMerkle
import CairnMessages
import CairnStore
import Foundation

/// An epoch as a node takes part in it.
struct NodeEpoch: Sendable {
  let number: UInt64
  let validators: ValidatorSet
  let verifier: ConsensusVerifier
  /// This node's index in the set; `nil` while it only follows.
  let index: Int?
  /// The block that the epoch goes on from: the last one of the epoch before, or the network's first.
  let genesis: Header

  /// - Parameters:
  ///   - state: any version of the epoch's; the one after its genesis is the first.
  ///   - parts: of the node.
  init(of state: LedgerState, genesis: Header, for parts: NodeCore.Parts) {
    (number, validators, self.genesis) = (state.epoch, state.validators, genesis)
    verifier = ConsensusVerifier(
      network: state.network, epoch: state.epoch, validators: state.validators, scheme: parts.environment.scheme)
    // Who has signed in a later epoch has lost the state since, and with it the records of this epoch: it only follows until it is back.
    let isOver = parts.highestVote.map { $0.statement.epoch > state.epoch } ?? false
    index = isOver ? nil : state.validators.index(ofConsensusKey: parts.voteKey.publicKey)
  }
}

extension LedgerState {
  /// Log index of an entry in the block with which an epoch's validators became known: the last one of the epoch before. `nil` for an epoch
  /// of which nothing is known.
  func originIndex(ofEpoch epoch: UInt64) -> UInt64? {
    guard let row = tree[ValidatorSet.stateKey(epoch: epoch)] else { return nil }
    return (try? StateValue(decoding: row))?.changedAt
  }

  /// What leads from an epoch before this one to the next: how it ended, and who came after.
  ///
  /// - Parameter end: how the chain says that it ended, given an entry of its last block.
  func change(
    after epoch: UInt64, end: (_ epoch: UInt64, _ logIndex: UInt64) throws -> (header: Header, certificate: ProtoCertificate)?
  ) throws -> ProtoEpochChange? {
    guard let origin = originIndex(ofEpoch: epoch + 1), let validators = try validators(ofEpoch: epoch + 1),
      let end = try end(epoch, origin)
    else { return nil }
    var change = ProtoEpochChange()
    change.header = Data(end.header.bytes)
    change.certificate = end.certificate
    change.validators = Data(validators.bytes)
    return change
  }

  /// The validators of this epoch or an earlier one; `nil` for one that is not known.
  func validators(ofEpoch epoch: UInt64) throws(LedgerFault) -> ValidatorSet? {
    guard epoch != self.epoch else { return validators }
    let key = ValidatorSet.stateKey(epoch: epoch)
    guard let bytes = try record(forKey: key) else { return nil }
    guard let validators = try? ValidatorSet(decoding: bytes) else { throw .wrongRecord(key: key) }
    return validators
  }
}

extension Header {
  /// Of the block after this one.
  var nextEpoch: UInt64 { epoch + (fields.nextValidatorsHash == nil ? 0 : 1) }
}

extension EpochEnd {
  /// The certificate in the terms of messages.
  var proven: (header: Header, certificate: ProtoCertificate) { (header, finalization.message(validatorCount: validatorCount)) }
}
