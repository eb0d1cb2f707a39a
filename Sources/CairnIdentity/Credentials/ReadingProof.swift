import CairnCrypto

extension DataIntegrity {
  /// Takes a secured document apart (VC-DI-EDDSA 1.0, section 3.3.2).
  ///
  /// - Parameter purpose: for which the proof must have been made.
  static func read(_ secured: JSON, for purpose: VerificationPurpose) -> SecuredDocument {
    var result = SecuredDocument(document: secured.without("proof"), securing: Securing(), refusals: [])
    let proof: JSON
    do { proof = try singleProof(of: secured) } catch {
      result.refusals.append(error)
      return result
    }
    result.refusals += objections(to: proof, purpose: purpose)
    do { result.document = try underContexts(of: proof, result.document) } catch { result.refusals.append(error) }
    readKeyAndSignature(proof, into: &result)
    readTimes(proof, into: &result)
    readRecipient(proof, into: &result)
    do { result.securing.message = try hashData(document: result.document, configuration: proof.without("proofValue")) } catch {
      result.refusals.append(.json(error))
    }
    return result
  }

  private static func singleProof(of secured: JSON) throws(CredentialRefusal) -> JSON {
    guard let value = secured["proof"] else { throw .missingProof }
    let proofs = value.array ?? [value]
    guard let proof = proofs.first else { throw .missingProof }
    guard proofs.count == 1 else { throw .unsupported("A set of proofs") }
    guard proof.object != nil else { throw .malformed("proof") }
    return proof
  }

  private static func objections(to proof: JSON, purpose: VerificationPurpose) -> [CredentialRefusal] {
    var refusals: [CredentialRefusal] = []
    if proof["type"]?.isText(proofType) != true { refusals.append(.wrongProofType) }
    if proof["cryptosuite"]?.isText(cryptosuite) != true { refusals.append(.wrongCryptosuite) }
    if proof["proofPurpose"]?.isText(purpose.relationship) != true { refusals.append(.wrongProofPurpose(expected: purpose)) }
    if proof["previousProof"] != nil { refusals.append(.unsupported("A chain of proofs")) }
    return refusals
  }

  /// The document with the contexts of the proof, with which its own must start. What follows them is not signed.
  private static func underContexts(of proof: JSON, _ document: JSON) throws(CredentialRefusal) -> JSON {
    guard let covered = proof["@context"], let members = document.object else { return document }
    let coveredList = covered.array ?? [covered]
    guard let list = CredentialTerms.contexts(of: document), list.count >= coveredList.count,
      zip(list, coveredList).allSatisfy({ areSame($0, $1) })
    else { throw .contextMismatch }
    return .object(members.map { $0.key.utf8.elementsEqual("@context".utf8) ? JSON.Member($0.key, covered) : $0 })
  }

  private static func areSame(_ left: JSON, _ right: JSON) -> Bool {
    guard let left = try? JCS.encode(left), let right = try? JCS.encode(right) else { return false }
    return left == right
  }

  private static func readKeyAndSignature(_ proof: JSON, into result: inout SecuredDocument) {
    do { result.securing.keyID = try Securing.keyID(proof["verificationMethod"]) } catch { result.refusals.append(error) }
    let bytes = proof["proofValue"]?.string.flatMap { try? Multibase.decodeBase58($0) }
    result.securing.signature = bytes.flatMap(Signature.init)
    if result.securing.signature == nil { result.refusals.append(.malformedSignature) }
  }

  private static func readTimes(_ proof: JSON, into result: inout SecuredDocument) {
    for (member, path) in [("created", \Securing.starts), ("expires", \Securing.ends)] as [(String, WritableKeyPath<Securing, [Timestamp]>)]
    {
      guard let value = proof[member] else { continue }
      if let time = value.string.flatMap({ Timestamp(parsing: $0) }) {
        result.securing[keyPath: path].append(time)
      } else {
        result.refusals.append(.malformed("proof.\(member)"))
      }
    }
  }

  private static func readRecipient(_ proof: JSON, into result: inout SecuredDocument) {
    if let value = proof["challenge"] {
      result.securing.challenge = value.string
      if value.string == nil { result.refusals.append(.malformed("proof.challenge")) }
    }
    if let value = proof["domain"] {
      result.securing.audiences = value.texts ?? []
      if value.texts == nil { result.refusals.append(.malformed("proof.domain")) }
    }
  }
}
