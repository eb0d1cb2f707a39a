import CairnChain
import CairnLedger

/// What is wrong with a genesis, or an operator's part of one, for people.
enum GenesisSentence {
  /// - Parameter subject: what was refused, for example `the entry a.entry`; begins no sentence.
  static func failure(_ error: GenesisError, _ subject: String) -> CommandFailure {
    .refused(error.reason, "In \(subject) \(problem(error)).")
  }

  private static func problem(_ error: GenesisError) -> String {
    switch error {
    case .encoding: "the bytes are not those of any genesis: get the file again from whoever made it"
    case .version(let version): "the format has version \(version), which this program does not know: use a newer one"
    case .field(let name): "the field \(name) is missing or wrong"
    case .validators(let error): validators(error)
    case .identityCount(let count): "there are \(count) identities, where 1 to \(Genesis.identityLimit) are possible"
    case .identity(let index, let error): "identity \(index + 1) is refused (\(error.reason)): its operator has to join again"
    case .duplicateIdentity: "one identity is there twice: an entry was given twice"
    case .roles: "the roles are not in order: get the file again from whoever made it"
    case .parameter("trustee_threshold"): "trustee_threshold is more than there are trustees: more operators must join as trustee"
    case .parameter(let name): "the parameter \(name) is out of its range: correct the template, and all join again"
    case .constitution(let error): "the constitution \(error.sentence)"
    case .trusteeCount(let count): "there are \(count) trustees, where \(GovernanceRecord.trusteeLimit) are possible"
    case .entrySignature(let validator, let signer):
      "the signature of \(validator)'s \(key(signer)) is wrong: the entry was changed, or made for another template"
    }
  }

  private static func key(_ signer: String) -> String {
    switch signer {
    case "consensus_key": "consensus key"
    case "node_key": "node key"
    default: "identity"
    }
  }

  private static func validators(_ error: ChainError) -> String {
    guard case .validatorSet(let error) = error else { return "the validators are refused (\(error.reason))" }
    return switch error {
    case .count(let count): "there are \(count) validators, where 1 to \(ValidatorSet.countLimit) are possible"
    case .name(let name): "\(name) cannot be a validator's name: use up to 32 of a-z, 0-9 and '-'"
    case .duplicateName(let name): "two validators are called \(name): one of them has to join again under another name"
    case .key(let validator): "a key of \(validator) is not an Ed25519 key"
    case .duplicateKey(let validator): "a key of \(validator) is another validator's too: it has to join again with keys of its own"
    case .address(let validator): "an address of \(validator) is not host:port"
    case .duplicateAddress(let validator): "an address of \(validator) is another validator's too"
    }
  }
}
