import ArgumentParser
import CairnIdentity

/// The parts of a DID document that a command sets.
struct DocumentOptions: ParsableArguments {
  @Option(
    name: .customLong("service"),
    help: ArgumentHelp(
      "A service: FRAGMENT:TYPE=URI, or TYPE=URI for a fragment made from the type; several times for several.", valueName: "service"))
  var services: [String] = []

  @Option(
    name: .customLong("method"),
    help: ArgumentHelp(
      "A verification method: FRAGMENT=MULTIKEY with all purposes of a signing key, or FRAGMENT=MULTIKEY:PURPOSE,PURPOSE.",
      valueName: "method"))
  var methods: [String] = []

  @Option(name: .customLong("also-known-as"), help: "Another URI of the same subject; several times for several.")
  var aliases: [String] = []

  /// What the options say, parsed.
  struct Changes {
    var methods: [DIDDocument.VerificationMethod] = []
    var services: [DIDDocument.Service] = []
    var aliases: [String] = []

    var isEmpty: Bool { methods.isEmpty && services.isEmpty && aliases.isEmpty }

    /// A method or service takes the place of the one with its fragment; everything else stays.
    func applied(to document: DIDDocument) throws(CommandFailure) -> DIDDocument {
      var document = document
      for method in methods {
        document.verificationMethods.removeAll { $0.fragment == method.fragment }
        document.verificationMethods.append(method)
      }
      for service in services {
        document.services.removeAll { $0.fragment == service.fragment }
        document.services.append(service)
      }
      for alias in aliases where !document.alsoKnownAs.contains(alias) { document.alsoKnownAs.append(alias) }
      do { try document.validate() } catch {
        throw .refused("document_\(error.reason)", "The document would be refused (\(error)): check the document options.")
      }
      return document
    }
  }

  func changes() throws(CommandFailure) -> Changes {
    var changes = Changes(aliases: aliases)
    for service in services { changes.services.append(try Self.service(service)) }
    for method in methods { changes.methods.append(try Self.method(method)) }
    return changes
  }

  private static func service(_ text: String) throws(CommandFailure) -> DIDDocument.Service {
    let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
    guard parts.count == 2 else {
      throw .usage("bad_service", "--service \(text) is not of the form TYPE=URI, for example AgentCard=https://example.com/card.")
    }
    let names = parts[0].split(separator: ":", maxSplits: 1).map(String.init)
    guard let type = names.last, let first = names.first else {
      throw .usage("bad_service", "--service \(text) does not name a type before its '='.")
    }
    return DIDDocument.Service(fragment: names.count == 2 ? first : type.lowercased(), types: [type], endpoints: [parts[1]])
  }

  private static func method(_ text: String) throws(CommandFailure) -> DIDDocument.VerificationMethod {
    let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
    let value = parts.count == 2 ? parts[1].split(separator: ":", maxSplits: 1).map(String.init) : []
    guard let fragment = parts.first, let multibase = value.first else {
      throw .usage("bad_method", "--method \(text) is not of the form FRAGMENT=MULTIKEY.")
    }
    let key: Multikey
    do { key = try Multikey(multibase: multibase) } catch {
      throw .usage("bad_method", "--method \(text) does not have a public Multikey after its '=' (\(error.reason)).")
    }
    return DIDDocument.VerificationMethod(
      fragment: fragment, multikey: key.bytes, purposes: try purposes(value.dropFirst().first, of: key, in: text))
  }

  private static func purposes(_ list: String?, of key: Multikey, in text: String) throws(CommandFailure) -> [VerificationPurpose] {
    guard let list else {
      return key.kind == .x25519 ? [.keyAgreement] : [.authentication, .assertionMethod, .capabilityInvocation, .capabilityDelegation]
    }
    var purposes: [VerificationPurpose] = []
    for name in list.split(separator: ",") {
      guard let purpose = VerificationPurpose.allCases.first(where: { $0.relationship == name }) else {
        let nearest = NearestName.nearest(to: String(name), in: VerificationPurpose.allCases.map(\.relationship)) ?? ""
        throw .usage("bad_method", "--method \(text) has the unknown purpose \(name): did you mean \(nearest)?")
      }
      purposes.append(purpose)
    }
    return purposes.sorted()
  }
}
