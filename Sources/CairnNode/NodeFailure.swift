public import CairnLedger
public import CairnStore

/// Why a node stops. None of these is retried in place: the process ends, and says what to do.
public enum NodeFailure: Error, Sendable {
  case store(StoreError)
  case ledger(LedgerFault)
  /// The genesis is not the one that the data directory was made for.
  case wrongGenesis
  case nodeKeyMismatch(validator: String)
  /// This node's votes were signed by another process, as the file says that has this path: it must not sign any itself.
  case signedElsewhere(String)
  /// A listener's address is taken or not this machine's.
  case listener(name: String, address: String, problem: String)
  /// The stored chain does not lead to the roots that its headers state.
  case chainDiverges(height: UInt64, reason: String)

  /// Whether deriving `state.db` and `index.db` anew from the chain may help.
  var isAboutDerivedData: Bool {
    switch self {
    case .store(let error): error.isAboutDerivedData
    case .ledger, .chainDiverges: true
    default: false
    }
  }

  /// Machine readable; a metric label and a log field.
  public var reason: String {
    switch self {
    case .store(let error): error.reason
    case .ledger(let fault): fault.reason
    case .wrongGenesis: "wrong_genesis"
    case .nodeKeyMismatch: "node_key_mismatch"
    case .signedElsewhere: "signed_elsewhere"
    case .listener: "listener"
    case .chainDiverges: "chain_diverges"
    }
  }
}

extension NodeFailure: CustomStringConvertible {
  public var description: String {
    switch self {
    case .store(let error): "The store failed: \(error).\(Self.wayOut(of: error))"
    case .ledger(let fault):
      "The ledger cannot read its own state (\(fault)): the node stops rather than guess; restart it to rebuild the state from the log."
    case .wrongGenesis: "The data directory belongs to another network than the genesis file: point the node at the right one of the two."
    case .nodeKeyMismatch(let validator): "The node key is not the one that the ledger has for \(validator): check the key file."
    case .signedElsewhere(let path):
      "The votes of this data directory are signed by a signer of its own (\(path)): set signer.address, so that never two sign with one key."
    case .listener(let name, let address, let problem):
      "Cannot listen for \(name) on \(address): \(problem). Change the address in the configuration, or stop what uses it."
    case .chainDiverges(let height, let reason):
      "Block \(height) in the data directory does not lead to the state its header states (\(reason)): the data is damaged; run `cairn verify`."
    }
  }

  /// What an operator can do about it; begins with a space.
  private static func wayOut(of error: StoreError) -> String {
    switch error {
    case .corrupt, .damaged, .notLinked, .constraint, .outOfRange, .safetyDamaged:
      if error.isAboutDerivedData { return " Start the node again: it makes this anew from the log." }
      return """
         Nothing was changed. Move the data directory away, keep it, and start the node in an empty one: it fetches everything from the other \
        validators, and follows until it has another consensus key (cairn governance propose rekey-validator).
        """
    case .missing: return " Put the file back, or go on as with a damaged directory: move it away, and start the node in an empty one."
    case .full: return " Make room and start the node again: nothing that was acknowledged is lost."
    case .io, .busy: return " Look after the disk and start the node again: nothing that was acknowledged is lost."
    case .locked: return " Stop the other one first."
    case .schemaVersion:
      return " Run the version that wrote it; if none did, the file is damaged: move the directory away, and start in an empty one."
    case .wrongNetwork: return " Point the node at the directory of this network, or at an empty one."
    case .alreadySetUp, .historyNotHeld, .tooLarge, .wrongKey: return ""
    }
  }
}
