public import CairnIdentity
public import CairnLedger

extension CairnClient {
  /// One bit of a status list, now or at an earlier moment.
  ///
  /// - Throws: ``CairnError/unknownStatusList(_:provenBy:)`` and ``CairnError/statusListNotYetCreated(_:provenBy:)`` with their proof;
  ///   that a list has no such index is the node's word (``CairnError/refused(_:)``). There is no value without a proof of it.
  public func status(
    of index: UInt32, in list: StatusListID, at moment: StatusMoment = .now
  ) async throws(CairnError) -> StatusResolution {
    try check(list)
    return try await ask(.status(of: index, in: list, at: moment)).resolution(of: list).get()
  }

  /// All bits of a status list, now or at an earlier moment: all of one moment, however many pages they take.
  ///
  /// - Throws: as ``status(of:in:at:)``.
  public func statusList(_ list: StatusListID, at moment: StatusMoment = .now) async throws(CairnError) -> StatusListResolution {
    try check(list)
    var walk = StatusListWalk(collector: StatusListCollector(list, at: moment))
    while true {
      walk = try await ask(.statusList(continuing: walk))
      guard let outcome = walk.outcome, let header = walk.header else { continue }
      switch outcome {
      case .found(let bits): return StatusListResolution(bits: bits, header: header)
      case .notYetCreated(let record): throw .statusListNotYetCreated(record, provenBy: header)
      case .noList: throw .unknownStatusList(list, provenBy: header)
      }
    }
  }

  private func check(_ list: StatusListID) throws(CairnError) {
    guard list.issuer.isOf(network: network) else { throw .foreignStatusList(list) }
  }
}
