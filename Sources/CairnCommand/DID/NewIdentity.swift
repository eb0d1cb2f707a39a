import CairnCrypto
import CairnIdentity
import CairnLedger

/// Keys and contents of a DID that is about to be made.
struct NewIdentity {
  let updateKey = SigningKey.generate()
  let nextKey = SigningKey.generate()
  let documentKey = SigningKey.generate()
  let control: Control
  let document: DIDDocument
  let salt = randomBytes(DIDCreate.saltByteCount)
  let did: CairnDID
  let operation: LedgerOperation

  /// - Parameters:
  ///   - changes: beside the identity's own verification method.
  ///   - network: any, when there is none yet: the identifier does not depend on it, only the DID's prefix does.
  init(document changes: DocumentOptions.Changes, controller: CairnDID?, network: Digest) throws(CommandFailure) {
    do { control = try Control(update: updateKey.publicKey, next: nextKey.publicKey, controller: controller) } catch {
      throw .refused(error.reason, "These keys cannot control a DID (\(error.reason)).")
    }
    document = try changes.applied(
      to: DIDDocument(verificationMethods: [
        DIDDocument.VerificationMethod(
          fragment: WalletKeyName.documentFragment, multikey: Multikey(documentKey.publicKey).bytes,
          purposes: [.authentication, .assertionMethod, .capabilityInvocation, .capabilityDelegation])
      ]))
    do { operation = try .create(control: control, document: document, salt: salt, network: network) } catch {
      throw .refused(error.reason, "The DID would be refused by every node (\(error.reason)): check the document options.")
    }
    guard let did = operation.did else { throw .refused("malformed", "The operation makes no DID.") }
    self.did = did
  }

  /// As a wallet keeps them.
  var namedKeys: [(name: String, key: SigningKey)] {
    let identifier = did.identifier
    return [
      (WalletKeyName.control(identifier, generation: 0), updateKey), (WalletKeyName.control(identifier, generation: 1), nextKey),
      (WalletKeyName.document(identifier), documentKey),
    ]
  }
}

/// What the keys in a wallet are called: `<identifier>#control-<generation>` and `<identifier>#<fragment in the document>`.
///
/// The identifier is the DID's last part, known before the network is. The names are for people and for finding a wallet's
/// DIDs; which key is the current one, the ledger says.
enum WalletKeyName {
  static let documentFragment = "key-1"
  private static let controlPrefix = "control-"

  static func control(_ identifier: String, generation: Int) -> String { "\(identifier)#\(controlPrefix)\(generation)" }
  static func document(_ identifier: String) -> String { "\(identifier)#\(documentFragment)" }

  /// The identifier that a key is for.
  static func identifier(of name: String) -> String? {
    name.lastIndex(of: "#").map { String(name[..<$0]) }
  }

  static func generation(of name: String) -> Int? {
    guard let mark = name.lastIndex(of: "#") else { return nil }
    let fragment = name[name.index(after: mark)...]
    return fragment.hasPrefix(controlPrefix) ? Int(fragment.dropFirst(controlPrefix.count)) : nil
  }
}

extension CairnDID {
  /// The last part: base58btc of the multihash.
  var identifier: String { description.split(separator: ":").last.map(String.init) ?? "" }
}
