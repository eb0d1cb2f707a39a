public import CairnChain
public import CairnCrypto
import CairnMerkle

extension ValidatorSet {
  /// The key of the row that holds the validators of an epoch, for ever: type VALIDATORS, the epoch as eight bytes, big-endian.
  ///
  /// The row of an epoch is written by the last block of the epoch before it, and by nothing else: so it leads to that block too.
  public static func stateKey(epoch: UInt64) -> Digest {
    .stateKey(type: StateType.validators.rawValue, id: (0..<8).map { UInt8(truncatingIfNeeded: epoch >> UInt64(56 - 8 * $0)) })
  }

  /// The set after a change. A new validator comes last, a replaced one keeps its place; all others keep their order.
  func changed(by change: GovernanceAction.ValidatorChange) throws(GovernanceRefusal) -> ValidatorSet {
    var validators = validators
    switch change {
    case .add(let validator):
      try check(validator, besides: nil)
      validators.append(validator)
    case .remove(let name): validators.remove(at: try position(of: name))
    case .replace(let name, let validator):
      let position = try position(of: name)
      guard validators[position] != validator else { throw .validatorUnchanged(name) }
      try check(validator, besides: position)
      validators[position] = validator
    }
    do { return try ValidatorSet(validators) } catch { throw .validators(error) }
  }

  private func position(of name: String) throws(GovernanceRefusal) -> Int {
    guard let position = validators.firstIndex(where: { $0.name.utf8.elementsEqual(name.utf8) }) else { throw .unknownValidator(name) }
    return position
  }

  /// Two validators at one address would be one machine, of which the other's links never come about.
  private func check(_ validator: Validator, besides position: Int?) throws(GovernanceRefusal) {
    let others = validators.enumerated().filter { $0.offset != position }.map(\.element)
    guard others.allSatisfy({ $0.peerAddress != validator.peerAddress && $0.clientAddress != validator.clientAddress }) else {
      throw .validators(.duplicateAddress(validator: validator.name))
    }
  }
}
