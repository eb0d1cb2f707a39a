import CairnCrypto
import CairnMerkle
import Testing

@Suite("Log proofs") struct LogProofTests {
  static let leaves = NaiveLog.leaves(64)

  private func root(_ size: Int) -> Digest { NaiveLog.root(Self.leaves[..<size]) }

  @Test("Every leaf of every small log verifies at its index, and nowhere else") func inclusion() throws {
    for size in 1...33 {
      for index in 0..<size {
        let path = NaiveLog.path(index, Self.leaves[..<size])
        for claimed in 0..<size {
          let proof = InclusionProof(index: UInt64(claimed), path: path)
          let proven = isProven { () throws(ProofError) in
            try proof.verify(leafHash: Self.leaves[index], size: UInt64(size), root: root(size))
          }
          #expect(proven == (claimed == index), "leaf \(index) of \(size) at \(claimed)")
        }
      }
    }
  }

  @Test("Every pair of small logs is consistent, and no other root is") func consistency() throws {
    for new in 1...33 {
      for old in 1...new {
        let path = NaiveLog.subproof(old, Self.leaves[..<new], true)
        let proof = LogConsistencyProof(oldSize: UInt64(old), newSize: UInt64(new), path: path)
        try proof.verify(oldRoot: root(old), newRoot: root(new))
        #expect(refusal { () throws(ProofError) in try proof.verify(oldRoot: root(old), newRoot: .zero) } != nil)
        #expect(refusal { () throws(ProofError) in try proof.verify(oldRoot: .zero, newRoot: root(new)) } != nil)
      }
    }
  }

  @Test("A changed byte, a missing hash or one too many refuses an inclusion proof") func inclusionMutations() throws {
    let (size, index) = (45, 37)
    let proof = InclusionProof(index: UInt64(index), path: NaiveLog.path(index, Self.leaves[..<size]))
    let (leaf, root) = (Self.leaves[index], root(size))
    func refused(_ mutate: (inout InclusionProof) -> Void) -> ProofError? {
      var mutant = proof
      mutate(&mutant)
      return refusal { () throws(ProofError) in try mutant.verify(leafHash: leaf, size: UInt64(size), root: root) }
    }
    #expect(refused { _ in } == nil)
    for step in proof.path.indices {
      for byte in 0..<32 { #expect(refused { $0.path[step] = $0.path[step].flipped(byte: byte) } == .rootMismatch) }
      #expect(refused { $0.path.remove(at: step) } == .pathLength)
    }
    #expect(refused { $0.path.append(.zero) } == .pathLength)
    #expect(refused { $0.path.swapAt(0, 1) } == .rootMismatch)
    #expect(refused { $0.index = UInt64(size) } == .indexOutOfRange)
    #expect(refusal { () throws(ProofError) in try proof.verify(leafHash: .zero, size: UInt64(size), root: root) } == .rootMismatch)
    #expect(refusal { () throws(ProofError) in try proof.verify(leafHash: leaf, size: 0, root: root) } == .indexOutOfRange)
  }

  @Test("A changed byte, a missing hash or one too many refuses a consistency proof", arguments: [31, 32])
  func consistencyMutations(old: Int) throws {
    let new = 45
    let path = NaiveLog.subproof(old, Self.leaves[..<new], true)
    let proof = LogConsistencyProof(oldSize: UInt64(old), newSize: UInt64(new), path: path)
    func refused(_ mutate: (inout LogConsistencyProof) -> Void) -> ProofError? {
      var mutant = proof
      mutate(&mutant)
      return refusal { () throws(ProofError) in try mutant.verify(oldRoot: root(old), newRoot: root(new)) }
    }
    #expect(refused { _ in } == nil)
    for step in path.indices {
      for byte in 0..<32 { #expect(refused { $0.path[step] = $0.path[step].flipped(byte: byte) } != nil) }
      #expect(refused { $0.path.remove(at: step) } == .pathLength)
    }
    #expect(refused { $0.path.append(.zero) } == .pathLength)
    #expect(refused { $0.oldSize = 0 } == .sizeOutOfRange)
    #expect(refused { $0.newSize = $0.oldSize - 1 } == .sizeOutOfRange)
    #expect(refused { $0.newSize = $0.oldSize } == .pathLength)
  }

  @Test("Hostile sizes, indices and paths are refused without a trap") func hostile() {
    let numbers: [UInt64] = [0, 1, 2, 3, 1 << 31, 1 << 62 - 1, 1 << 62, 1 << 62 + 1, 1 << 63, .max - 1, .max]
    for first in numbers {
      for second in numbers {
        for length in [0, 1, 61, 62, 63, 64, 65, 200] {
          let path = [Digest](repeating: .zero, count: length)
          let inclusion = InclusionProof(index: first, path: path)
          let consistency = LogConsistencyProof(oldSize: first, newSize: second, path: path)
          #expect(refusal { () throws(ProofError) in try inclusion.verify(leafHash: .zero, size: second, root: LogTree.emptyRoot) } != nil)
          #expect(refusal { () throws(ProofError) in try consistency.verify(oldRoot: .zero, newRoot: LogTree.emptyRoot) } != nil)
        }
      }
    }
  }
}
