import CairnChain
import CairnLedger
import CairnMessages
import Logging

/// What trustees, guardians and auditors have to look after.
extension NodeCore {
  /// Names that a status has of each kind; the rest are counted.
  private static let shownNames = 64

  /// Follows blocks that became final, and says what its operator should hear of.
  func observe(_ blocks: [UnpublishedBlocks.Changed]) {
    parts.metrics.committed(
      executor.finalized, blocks: blocks.count, transactions: blocks.reduce(0) { $0 + $1.block.transactions.count })
    do throws(LedgerFault) {
      if let known = contracts, known.height + 1 == blocks.first?.block.header.height {
        for (block, rows, _, _) in blocks { try follow(block.header, rows) }
      } else {
        contracts = try ContractStandings(of: executor.finalized)
      }
      if let contracts { parts.metrics.policy(contracts, openProposals: try executor.finalized.openProposals().count) }
    } catch {
      fail(.ledger(error))
    }
  }

  private func follow(_ header: Header, _ rows: [CairnLedger.StateRow]) throws(LedgerFault) {
    let overdue = try contracts?.follow(rows, height: header.height, timeMilliseconds: header.timeMilliseconds) ?? []
    for contract in overdue {
      logger.warning(
        "A contract's audit is overdue: an auditor has to attest it",
        metadata: ["contract": "\(contract)", "height": "\(header.height)"])
    }
  }

  func policyStanding() throws(LedgerFault) -> ProtoPolicyStanding {
    let standings: ContractStandings
    if let contracts { standings = contracts } else { standings = try ContractStandings(of: executor.finalized) }
    contracts = standings
    var standing = ProtoPolicyStanding()
    (standing.contracts, standing.frozen) = (UInt64(standings.count), UInt64(standings.frozenCount))
    standing.overdue = UInt64(standings.overdueCount)
    standing.frozenContracts = standings.frozen.prefix(Self.shownNames).map(\.name)
    standing.overdueContracts = standings.overdue.prefix(Self.shownNames).map(\.name)
    standing.openProposals = UInt64(try executor.finalized.openProposals().count)
    return standing
  }
}
