import CairnChain
import CairnCrypto
public import CairnIdentity
public import CairnLedger
import Synchronization

extension CairnClient {
  /// The DID as it is now, at most ``Options/maximumStalenessMilliseconds`` ago.
  ///
  /// - Throws: ``CairnError/notFound(_:provenBy:)`` and ``CairnError/deactivated(_:)`` with their proof; anything else means that
  ///   there is no answer. Use ``resolution(of:)`` to look at deactivated DIDs too.
  public func resolve(_ did: CairnDID) async throws(CairnError) -> ResolvedDID {
    let resolution = try await resolution(of: did)
    guard let resolved = resolution.resolved else { throw .notFound(did, provenBy: resolution.header) }
    guard !resolved.isDeactivated else { throw .deactivated(resolved) }
    return resolved
  }

  /// As ``resolve(_:)-(CairnDID)``.
  public func resolve(_ did: String) async throws(CairnError) -> ResolvedDID { try await resolve(parse(did)) }

  /// Whether the DID exists, and as what, with the proof.
  public func resolution(of did: CairnDID) async throws(CairnError) -> Resolution {
    try checkUsable()
    if let answer = cache.answer(for: did, isFresh: { trust.isFresh($0.header) }) { return answer }
    return try await freshResolution(of: did)
  }

  public func resolution(of did: String) async throws(CairnError) -> Resolution { try await resolution(of: parse(did)) }

  /// As ``resolution(of:)-(CairnDID)``, never from the cache.
  public func freshResolution(of did: CairnDID) async throws(CairnError) -> Resolution {
    guard did.isOf(network: network) else { throw .foreignDID(did) }
    let answer = try await ask(.resolve(did))
    // That a DID does not exist is not remembered: it may be created any moment, and its creator will then expect it here.
    guard answer.resolved != nil else { return answer }
    cache.insert(answer)
    // Nor what a receipt has overtaken: it was forgotten before this came. In this order, so that neither can miss the other.
    if let newest, newest.header.height > answer.header.header.height { cache.remove(did) }
    return answer
  }

  /// Everything that ever happened to a DID, proven back to its creation.
  ///
  /// - Parameter genesis: where the DIDs that the network started with come from; without it the history of such a DID lacks its
  ///   creation.
  public func history(of did: CairnDID, genesis: Genesis? = nil) async throws(CairnError) -> ResolvedHistory {
    let resolution = try await freshResolution(of: did)
    guard let current = resolution.resolved else { throw .notFound(did, provenBy: resolution.header) }
    let origin = try await origin(of: current, genesis)
    // From the head that the resolution proved: what happens to the DID meanwhile is not part of this answer.
    var walk = HistoryWalk(
      history: DIDHistory(head: current.record), origin: origin, header: resolution.header,
      beforeIndex: max(current.changedAt, current.changedAt &+ 1))
    while walk.beforeIndex > 0 { walk = try await ask(.history(continuing: walk)) }
    return ResolvedHistory(current: current, history: walk.history, header: walk.header)
  }

  /// A DID of the genesis is one whose record says that it was created at the genesis block's time: every later block has a
  /// later time.
  private func origin(of did: ResolvedDID, _ genesis: Genesis?) async throws(CairnError) -> HistoryWalk.Origin {
    if let genesis, genesis.network == network {
      return did.createdMilliseconds == genesis.timeMilliseconds ? .genesis(genesis) : .transaction
    }
    let time: UInt64
    if let known = genesisTime.withLock({ $0 }) {
      time = known
    } else {
      time = try await header(.height(0)).header.timeMilliseconds
      genesisTime.withLock { $0 = time }
    }
    return did.createdMilliseconds == time ? .genesis(nil) : .transaction
  }

  func parse(_ did: String) throws(CairnError) -> CairnDID {
    do { return try CairnDID(parsing: did) } catch { throw .invalidDID(did, error) }
  }
}
