import CairnCrypto
import CairnIdentity
import CairnLedger

extension ResolvedVersion {
  /// `didDocumentMetadata`. All of the version itself: what became of the DID later is the business of later versions.
  func metadata(network: Digest) -> JSON {
    var members = [JSON.Member("created", .time(record.createdMilliseconds))]
    if record.isDeactivated { members.append(JSON.Member("deactivated", .bool(true))) }
    members.append(JSON.Member("keysChanged", .time(record.keysChangedMilliseconds)))
    if let next {
      members.append(JSON.Member("nextUpdate", .time(next.milliseconds)))
      members.append(JSON.Member("nextVersionId", .string("\(next.id)")))
    }
    members.append(JSON.Member("proof", .array([.cairnProof(proven, network: "\(network)")])))
    if record.head.sequence > 0 { members.append(JSON.Member("updated", .time(record.updatedMilliseconds))) }
    members.append(JSON.Member("versionId", .string("\(record.head.sequence)")))
    return .object(members)
  }
}

extension JSON {
  /// How to check it: the documentation's page "Resolving over HTTP".
  ///
  /// - Parameters:
  ///   - proven: a `Proven` message.
  ///   - network: hexadecimal.
  static func cairnProof(_ proven: [UInt8], network: String) -> JSON {
    .object([
      JSON.Member("network", .string(network)), JSON.Member("proven", .string(Base64URL.encode(proven))),
      JSON.Member("type", .string("CairnProof")),
    ])
  }

  /// - Parameter milliseconds: Unix time.
  fileprivate static func time(_ milliseconds: UInt64) -> JSON { .string(DateTime.text(milliseconds: milliseconds)) }
}
