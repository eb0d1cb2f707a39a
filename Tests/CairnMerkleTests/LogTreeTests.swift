import CairnCrypto
import CairnMerkle
import Testing

@Suite("Log tree") struct LogTreeTests {
  /// The entries and roots of the reference implementations' tests (certificate-transparency, `merkle_tree_test`).
  static let entries: [String] = [
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
  ]
  static let roots: [String] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
  ]

  @Test("Roots are those of the reference implementations") func knownRoots() throws {
    var frontier = LogFrontier()
    #expect(frontier.root.description == Self.roots[0])
    #expect(LogTree.emptyRoot.description == Self.roots[0])
    for (entry, root) in zip(Self.entries, Self.roots.dropFirst()) {
      frontier.append(LogTree.leafHash(try #require(Hex.decode(entry))))
      #expect(frontier.root.description == root)
    }
  }

  @Test("A leaf is not an inner node") func separation() {
    let (left, right) = (LogTree.leafHash([1]), LogTree.leafHash([2]))
    #expect(LogTree.leafHash(left.bytes + right.bytes) != LogTree.nodeHash(left, right))
    #expect(LogTree.nodeHash(left, right) == .sha256([1] + left.bytes + right.bytes))
    #expect(LogTree.leafHash([7, 8]) == .sha256([0, 7, 8]))
  }

  @Test("Appending gives the root of the recursive definition at every size") func incremental() {
    let leaves = NaiveLog.leaves(600)
    var frontier = LogFrontier()
    for size in 0...leaves.count {
      #expect(frontier.size == UInt64(size))
      #expect(frontier.root == NaiveLog.root(leaves[..<size]), "size \(size)")
      if size < leaves.count { frontier.append(leaves[size]) }
    }
    #expect(LogTree.root(of: leaves) == frontier.root)
  }

  @Test("A frontier is restored from its peaks, one for each bit of the size") func restored() throws {
    let leaves = NaiveLog.leaves(100)
    var frontier = LogFrontier()
    for leaf in leaves.prefix(77) { frontier.append(leaf) }
    var restored = try #require(LogFrontier(size: frontier.size, peaks: frontier.peaks))
    #expect(restored == frontier)
    for leaf in leaves.dropFirst(77) { restored.append(leaf) }
    #expect(restored.root == NaiveLog.root(leaves[...]))

    #expect(LogFrontier(size: 77, peaks: Array(frontier.peaks.dropLast())) == nil)
    #expect(LogFrontier(size: 76, peaks: frontier.peaks) == nil)
    #expect(LogFrontier(size: .max, peaks: Array(repeating: .zero, count: 64)) == nil)
    #expect(LogFrontier(size: 0, peaks: []) == LogFrontier())
  }
}
