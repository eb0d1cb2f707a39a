import CairnIdentity
import CairnLedger

extension ResolvedVersion {
  /// The verification method or service that a fragment names, in the form of RFC 8785.
  ///
  /// - Parameter relationship: in which the document must have the method, when the question says so.
  func part(_ fragment: String, in relationship: String?) throws(ResolutionProblem) -> [UInt8] {
    guard let document = try? JSON(parsing: document) else { throw .damagedAnswer }
    let id = "\(record.did)#\(fragment)"
    let isNamed = { (part: JSON) in part["id"]?.string?.utf8.elementsEqual(id.utf8) ?? false }
    let method = document["verificationMethod"]?.array?.first(where: isNamed)
    guard let part = method ?? document["service"]?.array?.first(where: isNamed) else {
      throw ResolutionProblem(
        .notFound, "unknown_fragment", "The document has no verification method and no service #\(fragment): check the fragment.")
    }
    if let relationship { try Self.require(method != nil, id, in: relationship, of: document) }
    return part.bytes
  }

  private static func require(_ isMethod: Bool, _ id: String, in relationship: String, of document: JSON) throws(ResolutionProblem) {
    guard isMethod else {
      throw ResolutionProblem(
        .invalidVerificationMethod, "no_verification_method", "\(id) is a service: ask without verificationRelationship.")
    }
    guard VerificationPurpose.allCases.contains(where: { $0.relationship.utf8.elementsEqual(relationship.utf8) }),
      document[relationship]?.array?.contains(where: { $0.string?.utf8.elementsEqual(id.utf8) ?? false }) ?? false
    else {
      throw ResolutionProblem(
        .invalidRelationship, "other_relationship", "The document does not allow \(id) for \(relationship): do not accept it for that.")
    }
  }
}
