import CairnCrypto
import CairnMerkle
import Testing

@Suite("Log extension") struct LogExtensionTests {
  private func frontier(_ leaves: some Sequence<Digest>) -> LogFrontier {
    var frontier = LogFrontier()
    for leaf in leaves { frontier.append(leaf) }
    return frontier
  }

  @Test("A block's proofs, root and frontier are those of the log after it, whatever the sizes") func allSmallSizes() {
    let leaves = NaiveLog.leaves(40)
    for size in 0...leaves.count {
      let after = frontier(leaves[..<size])
      let paths = (0..<size).map { NaiveLog.path($0, leaves[..<size]) }
      for before in 0...size {
        let block = LogExtension(of: frontier(leaves[..<before]), appending: Array(leaves[before..<size]))
        #expect(block.root == after.root, "\(before) to \(size)")
        #expect(block.frontier == after, "\(before) to \(size)")
        #expect((block.firstIndex, block.size) == (UInt64(before), UInt64(size)))
        #expect(block.proofs.map(\.path) == Array(paths[before...]), "\(before) to \(size)")
        #expect(block.proofs.map(\.index) == (before..<size).map(UInt64.init))
      }
    }
  }

  @Test("Proofs of a large block in a large log verify") func largeBlock() throws {
    let leaves = NaiveLog.leaves(5_000)
    let block = LogExtension(of: frontier(leaves[..<3_333]), appending: Array(leaves[3_333...]))
    #expect(block.root == LogTree.root(of: leaves))
    for (proof, leaf) in zip(block.proofs, leaves[3_333...]) {
      try proof.verify(leafHash: leaf, size: block.size, root: block.root)
    }
    #expect(block.proofs.count == 1_667)
  }

  @Test("Only the appended leaves have a proof") func outside() {
    let leaves = NaiveLog.leaves(9)
    let block = LogExtension(of: frontier(leaves[..<5]), appending: Array(leaves[5...]))
    #expect(block.proof(at: 4) == nil)
    #expect(block.proof(at: 5) != nil)
    #expect(block.proof(at: 8) != nil)
    #expect(block.proof(at: 9) == nil)
    #expect(block.proof(at: .max) == nil)
  }
}
