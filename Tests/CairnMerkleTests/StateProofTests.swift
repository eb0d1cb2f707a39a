import CairnCrypto
import CairnMerkle
import Testing

@Suite("State proofs") struct StateProofTests {
  private static let rows = NaiveState.rows(60, seed: 11)
  private static let tree = StateTree(rows: rows)

  private func verdict(_ proof: StateProof, _ key: Digest, _ root: Digest = tree.root) -> Result<[UInt8]?, ProofError> {
    Result { () throws(ProofError) in try proof.verify(key: key, root: root) }
  }

  @Test("Present keys are proven with their value") func membership() {
    for row in Self.rows { #expect(verdict(Self.tree.proof(for: row.key), row.key) == .success(row.value)) }
  }

  @Test("Absent keys are proven absent") func absence() {
    for row in NaiveState.rows(200, seed: 12) {
      #expect(verdict(Self.tree.proof(for: row.key), row.key) == .success(nil))
    }
    // Keys that share all but one bit with a present one.
    for byte in 0..<32 {
      let key = Self.rows[5].key.flipped(byte: byte)
      #expect(verdict(Self.tree.proof(for: key), key) == .success(Self.tree[key]))
    }
  }

  @Test("One row's proof is its leaf alone") func singleRow() {
    let tree = StateTree(rows: [(Digest.zero, [5])])
    let proof = tree.proof(for: .zero)
    #expect(proof.path.isEmpty)
    #expect(verdict(proof, .zero, tree.root) == .success([5]))
    #expect(verdict(proof, Digest.zero.flipped(byte: 3), tree.root) == .success(nil))
  }

  @Test("Every key is absent from the empty tree, and from no other by the empty proof") func emptyTree() {
    let proof = StateTree().proof(for: .zero)
    #expect(proof == StateProof(leaf: nil, path: []))
    #expect(verdict(proof, .zero, StateTree().root) == .success(nil))
    #expect(verdict(proof, .zero) == .failure(.rootMismatch))
    let long = StateProof(leaf: nil, path: [StateProof.Step(bit: 0, sibling: .zero)])
    #expect(verdict(long, .zero, StateTree().root) == .failure(.pathLength))
  }

  /// All proofs that differ from one in a single place.
  private func mutants(of proof: StateProof) throws -> [StateProof] {
    var mutants: [StateProof] = []
    func add(_ mutate: (inout StateProof) -> Void) {
      var mutant = proof
      mutate(&mutant)
      mutants.append(mutant)
    }
    let leaf = try #require(proof.leaf)
    add { $0.leaf = nil }
    for byte in 0..<32 { add { $0.leaf?.key = leaf.key.flipped(byte: byte) } }
    for byte in leaf.value.indices { add { $0.leaf?.value[byte] ^= 0x10 } }
    add { $0.leaf?.value.append(0) }
    if !leaf.value.isEmpty { add { $0.leaf?.value.removeLast() } }
    for step in proof.path.indices {
      for byte in 0..<32 { add { $0.path[step].sibling = $0.path[step].sibling.flipped(byte: byte) } }
      for bit in 0..<8 { add { $0.path[step].bit ^= 1 << UInt8(bit) } }
      add { $0.path.remove(at: step) }
      add { $0.path.insert($0.path[step], at: step) }
      if step > 0 { add { $0.path.swapAt(step, step - 1) } }
    }
    add { $0.path.append(StateProof.Step(bit: 0, sibling: .zero)) }
    add { $0.path.insert(StateProof.Step(bit: 255, sibling: .zero), at: 0) }
    return mutants
  }

  @Test("Every single change to a proof is refused") func mutations() throws {
    let absentKeys = NaiveState.rows(10, seed: 12).map(\.key)
    for key in Self.rows.prefix(10).map(\.key) + absentKeys {
      for mutant in try mutants(of: Self.tree.proof(for: key)) {
        #expect(throws: ProofError.self, "\(mutant)") { try mutant.verify(key: key, root: Self.tree.root) }
      }
    }
  }

  @Test("Another row's genuine proof does not prove absence of a present key") func foreignLeaf() {
    for row in Self.rows.dropFirst() {
      #expect(verdict(Self.tree.proof(for: Self.rows[0].key), row.key) == .failure(.foreignLeaf))
    }
  }

  @Test("A path whose bits do not decrease is refused even when it folds to the root") func order() throws {
    // A tree that nobody builds: the same bit decides twice, so that a present row could be hidden.
    let leaf = StateProof.Leaf(key: .zero, value: [1])
    for bits: [UInt8] in [[7, 7], [7, 8], [0, 255]] {
      var hash = NaiveState.root([(leaf.key, leaf.value)])
      for bit in bits { hash = .sha256([1] + NaiveState.varint(Int(bit)) + hash.bytes + Digest.zero.bytes) }
      let proof = StateProof(leaf: leaf, path: bits.map { StateProof.Step(bit: $0, sibling: .zero) })
      #expect(verdict(proof, .zero, hash) == .failure(.pathOrder))
    }
  }

  @Test("Values over the limit and paths over 256 steps are refused") func limits() {
    let value = [UInt8](repeating: 1, count: StateTree.valueLimit + 1)
    let long = StateProof(leaf: StateProof.Leaf(key: .zero, value: value), path: [])
    #expect(verdict(long, .zero, NaiveState.root([(.zero, value)])) == .failure(.valueTooLong))
    let steps = (0..<257).map { StateProof.Step(bit: UInt8(truncatingIfNeeded: 256 - $0), sibling: .zero) }
    let deep = StateProof(leaf: StateProof.Leaf(key: .zero, value: []), path: steps)
    #expect(verdict(deep, .zero) == .failure(.pathLength))
  }
}
