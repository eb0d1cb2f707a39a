import CairnCrypto
import CairnMerkle
import Testing

@Suite("State tree") struct StateTreeTests {
  @Test("The empty tree has the hash of nothing and no rows") func empty() {
    let tree = StateTree()
    #expect(tree.root == .sha256([]))
    #expect(tree.count == 0)
    #expect(tree[.zero] == nil)
    var same = tree
    same.update([])
    #expect(same.root == tree.root)
  }

  @Test("A state key is bound to its domain and type") func stateKey() {
    #expect(Digest.stateKey(type: 7, id: [1, 2]) == .sha256(Array("cairn/state/v1".utf8) + [0, 7, 1, 2]))
  }

  @Test("The root is that of the recursive definition", arguments: [1, 2, 3, 10, 100, 400]) func definition(count: Int) {
    for seed in 0..<UInt64(5) {
      let rows = NaiveState.rows(count, seed: seed)
      #expect(StateTree(rows: rows).root == NaiveState.root(rows))
    }
  }

  @Test("Neither order nor batches change the root", arguments: 0..<UInt64(8)) func independent(seed: UInt64) {
    var generator = TestGenerator(state: seed)
    let rows = NaiveState.rows(200, seed: seed)
    let root = NaiveState.root(rows)
    var (tree, rest) = (StateTree(), rows.shuffled(using: &generator)[...])
    while !rest.isEmpty {
      let batch = rest.prefix(Int.random(in: 1...40, using: &generator))
      rest = rest.dropFirst(batch.count)
      let before = tree.count
      tree.update(batch)
      #expect(tree.count == before + batch.count)
    }
    #expect(tree.root == root)
    #expect(StateTree(rows: rows.sorted { $0.key < $1.key }).root == root)
    var single = StateTree()
    for row in rows { single.update(CollectionOfOne(row)) }
    #expect(single.root == root)
    #expect(rows.allSatisfy { tree[$0.key] == $0.value && single[$0.key] == $0.value })
  }

  @Test("Changes replace values, the last of a key counts, and old copies stay as they were", arguments: 0..<UInt64(8))
  func replaced(seed: UInt64) throws {
    let rows = NaiveState.rows(120, seed: seed)
    let old = StateTree(rows: rows.prefix(80))
    let oldRoot = old.root
    var new = old
    new.update(rows[40...].map { ($0.key, [9]) } + rows[40...].map { ($0.key, [1, 2, 3]) })
    let expected = rows.prefix(40) + rows[40...].map { ($0.key, [1, 2, 3]) }
    #expect(new.root == NaiveState.root(Array(expected)))
    #expect(new.count == 120)

    #expect(old.root == oldRoot)
    #expect(old.root == NaiveState.root(Array(rows.prefix(80))))
    #expect(old.count == 80)
    for (index, row) in rows.enumerated() {
      #expect(old[row.key] == (index < 80 ? row.value : nil))
      #expect(new[row.key] == (index < 40 ? row.value : [1, 2, 3]))
      #expect(try old.proof(for: row.key).verify(key: row.key, root: oldRoot) == old[row.key])
    }
  }

  @Test("Rows are visited in the order of their keys") func order() {
    let rows = NaiveState.rows(150, seed: 3)
    var visited: [Digest] = []
    StateTree(rows: rows).forEachRow { key, value in
      visited.append(key)
      #expect(rows.first { $0.key == key }?.value == value)
    }
    #expect(visited == rows.map(\.key).sorted())
  }

  @Test("A visitor's error ends the visit") func visitorThrows() {
    struct Enough: Error {}
    var visits = 0
    #expect(throws: Enough.self) {
      try StateTree(rows: NaiveState.rows(10, seed: 1)).forEachRow { _, _ throws(Enough) in
        visits += 1
        if visits == 4 { throw Enough() }
      }
    }
    #expect(visits == 4)
  }

  @Test("A tree of the greatest depth works") func deep() throws {
    // Each key differs from zero in one bit alone, so that every bit has an inner node on the way to zero.
    let keys = (0..<256).compactMap { index in
      Digest((0..<32).map { $0 == index >> 3 ? 0x80 >> UInt8(index & 7) : 0 as UInt8 })
    }
    let rows: [NaiveState.Row] = (keys + [.zero]).map { ($0, [1]) }
    var tree = StateTree(rows: rows.prefix(100))
    tree.update(rows)
    #expect(tree.root == NaiveState.root(rows))
    let proof = tree.proof(for: .zero)
    #expect(proof.path.map(\.bit) == Array((0...255).reversed()))
    #expect(try proof.verify(key: .zero, root: tree.root) == [1])
  }
}
