package import CairnConsensus
import CairnLedger
package import CairnStore
package import Logging

/// A node's data directory, and what it says.
package struct OpenedNode: Sendable {
  let store: Store
  let recovery: Recovery
  let readers: StoreReaders

  /// Why the safety records cannot be relied on; `nil` when they can.
  package var safetyDamage: SafetyDamage? {
    if case .damaged(let damage) = store.recovery.safety { damage } else { nil }
  }

  /// What the engine starts from.
  package var consensus: RecoveredState { recovery.consensus }

  /// State that cannot be read, or is not what the chain says, is derived anew from the chain; once.
  ///
  /// - Throws: ``NodeFailure``.
  package init(_ configuration: NodeConfiguration, logger: Logger) throws {
    do throws(NodeFailure) { self = try OpenedNode(configuration, discardsDerived: false) } catch {
      guard error.isAboutDerivedData else { throw error }
      logger.warning("The stored state is damaged; it is rebuilt from the log", metadata: ["reason": "\(error.reason)"])
      self = try OpenedNode(configuration, discardsDerived: true)
    }
    report(to: logger)
  }

  /// What was found, and what follows from it.
  private func report(to logger: Logger) {
    for database in store.dropped {
      logger.warning(
        "A database is damaged; it is rebuilt from the log", metadata: ["path": "\(database.path)", "problem": "\(database.reason)"])
    }
    if let damage = safetyDamage {
      logger.error(
        """
        The safety records cannot be relied on: this node follows and serves, and does not vote. To have it vote again, give it another consensus \
        key (cairn governance propose rekey-validator) and start it with that key in an empty data directory
        """,
        metadata: ["reason": "\(damage.reason)", "problem": "\(damage)"])
    }
  }

  private init(_ configuration: NodeConfiguration, discardsDerived: Bool) throws(NodeFailure) {
    if case .held = configuration.voteKey, DataDirectory(path: configuration.dataDirectory).isSignedElsewhere(disk: configuration.disk) {
      throw .signedElsewhere(DataDirectory(path: configuration.dataDirectory).signedElsewhere)
    }
    store = try storing { () throws(StoreError) in
      try Store(
        path: configuration.dataDirectory, network: configuration.genesis.network,
        indexKeys: { Transaction.lookUpKeys(ofFinalized: $0, network: configuration.genesis.network) }, discardsDerived: discardsDerived,
        disk: configuration.disk, faults: configuration.storeFaults)
    }
    if case .remote(let key, _) = configuration.voteKey {
      try storing { [store] () throws(StoreError) in try store.directory.markSignedElsewhere(by: key, disk: configuration.disk) }
    }
    recovery = try Recovery(configuration.genesis, store: store)
    readers = try storing { [store] () throws(StoreError) in try StoreReaders(store) }
  }
}
