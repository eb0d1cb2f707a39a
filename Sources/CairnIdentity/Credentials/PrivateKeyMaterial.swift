/// Members that hold private keys, by the names that verification methods and JSON Web Keys have for them.
enum PrivateKeyMaterial {
  private static let methodMembers = [
    "secretKeyMultibase", "secretKeyJwk", "privateKeyMultibase", "privateKeyJwk", "privateKeyBase58", "privateKeyHex", "privateKeyPem",
  ]
  /// RFC 7518, sections 6.2.2, 6.3.2 and 6.4.1; RFC 8037, section 2.
  private static let keyMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]

  /// Anywhere in a value, however deep.
  ///
  /// - Parameter value: as the parser bounds it.
  static func isAnywhere(in value: JSON) -> Bool {
    switch value {
    case .array(let elements): elements.contains(where: isAnywhere)
    case .object(let members):
      members.contains { methodMembers.containsText($0.key) || isAnywhere(in: $0.value) }
        || (value["kty"] != nil && isInKey(value)) || value["publicKeyJwk"].map(isInKey) == true
    default: false
    }
  }

  /// - Parameter key: a JSON Web Key.
  static func isInKey(_ key: JSON) -> Bool { keyMembers.contains { key[$0] != nil } }
}
