import CairnChain
import CairnCrypto
import CairnLedger
import CairnMerkle

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
  ///   - key: this node's consensus key.
  init(of state: LedgerState, genesis: Header, key: PublicKey, scheme: any SignatureScheme) {
    (number, validators, self.genesis) = (state.epoch, state.validators, genesis)
    verifier = ConsensusVerifier(network: state.network, epoch: state.epoch, validators: state.validators, scheme: scheme)
    index = state.validators.index(ofConsensusKey: key)
  }
}

extension LedgerState {
  /// Log index of an entry in the block with which an epoch's validators became known: the last one of the epoch before. `nil` for an epoch
  /// of which nothing is known.
  func originIndex(ofEpoch epoch: UInt64) -> UInt64? {
    guard let row = tree[ValidatorSet.stateKey(epoch: epoch)] else { return nil }
    return (try? StateValue(decoding: row))?.changedAt
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
