import CairnChain
import CairnCrypto
import CairnLedger
import CairnStore

/// A block whose signatures were all checked.
struct SignedBlock: Sendable {
  var transactions: [Authorized<Transaction>] = []
  var certificates = 0
  var signatures = 0
}

/// Checks the signatures of blocks, each block on whichever core is free.
struct SignatureCheck: Sendable {
  private let transactions: TransactionVerifier
  private let consensus: ConsensusVerifier

  /// - Parameter consensus: of the blocks' epoch.
  init(_ consensus: ConsensusVerifier) {
    transactions = TransactionVerifier(network: consensus.network)
    self.consensus = consensus
  }

  /// - Returns: in the order of the blocks. The damage is that of the lowest block that has any.
  func check(_ blocks: [StoredBlock]) async throws(ChainDamage) -> [SignedBlock] {
    let results = await withTaskGroup(of: (Int, Result<SignedBlock, ChainDamage>).self) { group in
      for (index, block) in blocks.enumerated() {
        group.addTask {
          (index, Result { () throws(ChainDamage) in try check(block) })
        }
      }
      var results: [(Int, Result<SignedBlock, ChainDamage>)] = []
      for await result in group { results.append(result) }
      return results
    }
    var checked: [SignedBlock] = []
    for (_, result) in results.sorted(by: { $0.0 < $1.0 }) { checked.append(try result.get()) }
    return checked
  }

  private func check(_ block: StoredBlock) throws(ChainDamage) -> SignedBlock {
    let height = block.header.height
    var signed = SignedBlock()
    for (position, bytes) in block.block.transactions.enumerated() {
      do {
        let transaction = try transactions.verify(bytes)
        signed.signatures += transaction.value.signatures.count
        signed.transactions.append(transaction)
      } catch {
        throw .transaction(height: height, position: position, error)
      }
    }
    do { _ = try consensus.verify(block.proposal) } catch { throw .justification(height: height, error) }
    if let finalization = block.finalization {
      do { _ = try consensus.verify(finalization) } catch { throw .finalization(height: height, error) }
    }
    let certificates = block.proposal.skips + [block.proposal.parent, block.finalization].compactMap { $0 }
    signed.certificates = certificates.count
    signed.signatures += certificates.reduce(block.proposal.vote == nil ? 0 : 1) { $0 + $1.signatures.count }
    return signed
  }
}
