package import CairnIdentity

/// What a decision reads of the ledger, all at one moment: from a version of it, from a block in execution, or from proven rows.
///
/// Reads come in an order that the request and the answers alone determine. So a client can hold a node's proofs against its own reads,
/// one by one, and nothing that a decision needs can be left out.
package protocol AccessState {
  associatedtype Failure: Error

  mutating func did(_ did: CairnDID) throws(Failure) -> DIDRecord?
  mutating func roles(of did: CairnDID) throws(Failure) -> Roles
  mutating func isIsolated(_ did: CairnDID, at moment: BlockMoment) throws(Failure) -> Bool
  /// - Returns: the contract's newest version; `nil` when there is none.
  mutating func contract(_ id: ContractID, at moment: BlockMoment) throws(Failure) -> AccessContract?
  mutating func statusList(_ list: StatusListID) throws(Failure) -> StatusListRecord?
  /// - Returns: `nil` when no bit of the chunk was ever set.
  mutating func chunk(_ chunk: UInt32, of list: StatusListID) throws(Failure) -> StatusChunk?
}
