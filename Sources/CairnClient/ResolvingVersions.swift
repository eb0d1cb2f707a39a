public import CairnIdentity
public import CairnLedger

// The past is proven by the present: a DID's newest record commits to all before it.
extension CairnClient {
  /// The DID at one of its versions.
  ///
  /// - Throws: ``CairnError/notFound(_:provenBy:)``, ``CairnError/notYetCreated(_:createdMilliseconds:provenBy:)`` and
  ///   ``CairnError/deactivated(_:)`` with their proof; that there is no version of a number is the node's word
  ///   (``CairnError/refused(_:)``). Use ``resolution(of:at:)-(CairnDID,_)`` to look at what was deactivated by then, too.
  public func resolve(_ did: CairnDID, version: VersionSelector) async throws(CairnError) -> ResolvedVersion {
    if version == .newest { return ResolvedVersion(try await resolve(did)) }
    let resolution = try await resolution(of: did, at: version)
    switch resolution.outcome {
    case .found(let resolved):
      if resolved.isDeactivated, let newest = resolved.asNewest { throw .deactivated(newest) }
      return resolved
    case .notYetCreated(let created): throw .notYetCreated(did, createdMilliseconds: created, provenBy: resolution.header)
    case .absent: throw .notFound(did, provenBy: resolution.header)
    }
  }

  /// As ``resolve(_:version:)-(CairnDID,_)``.
  public func resolve(_ did: String, version: VersionSelector) async throws(CairnError) -> ResolvedVersion {
    try await resolve(parse(did), version: version)
  }

  /// What the DID was at one of its versions, with the proof. Never from the cache.
  public func resolution(of did: CairnDID, at selector: VersionSelector) async throws(CairnError) -> VersionResolution {
    guard did.isOf(network: network) else { throw .foreignDID(did) }
    return try await ask(.resolve(did, at: selector))
  }

  public func resolution(of did: String, at selector: VersionSelector) async throws(CairnError) -> VersionResolution {
    try await resolution(of: parse(did), at: selector)
  }

  /// What the DID may do on the ledger now, beyond deciding about itself.
  ///
  /// - Throws: ``CairnError/notFound(_:provenBy:)`` and ``CairnError/deactivated(_:)`` with their proof: neither may do anything.
  public func roles(of did: CairnDID) async throws(CairnError) -> ProvenRoles {
    guard did.isOf(network: network) else { throw .foreignDID(did) }
    let answer = try await ask(.roles(of: did))
    guard let roles = answer.roles else { throw .notFound(did, provenBy: answer.header) }
    guard !roles.resolved.isDeactivated else { throw .deactivated(roles.resolved) }
    return roles
  }
}
