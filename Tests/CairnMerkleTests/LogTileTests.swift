import CairnCrypto
import CairnMerkle
import Testing

/// Full tiles in memory; remembers which were read.
private final class TileShelf: LogTileSource {
  struct Missing: Error {}
  var tiles: [LogTileCoordinate: [Digest]] = [:]
  var reads: [LogTileCoordinate] = []

  func fullTile(_ coordinate: LogTileCoordinate) throws -> [Digest] {
    reads.append(coordinate)
    guard let hashes = tiles[coordinate] else { throw Missing() }
    return hashes
  }
}

@Suite("Log tiles") struct LogTileTests {
  private static func log(_ leaves: [Digest]) -> (LogTileEdge, TileShelf) {
    var edge = LogTileEdge()
    let shelf = TileShelf()
    for leaf in leaves {
      for tile in edge.append(leaf) {
        precondition(shelf.tiles[tile.coordinate] == nil)
        shelf.tiles[tile.coordinate] = tile.hashes
      }
    }
    return (edge, shelf)
  }

  @Test("Proofs for every size and index are those of the recursive definition") func smallLog() throws {
    let leaves = NaiveLog.leaves(40)
    let (edge, shelf) = Self.log(leaves)
    let prover = LogProver(edge: edge, source: shelf)
    for size in 0...leaves.count {
      #expect(try prover.root(size: UInt64(size)) == NaiveLog.root(leaves[..<size]))
      for index in 0..<size {
        let proof = try prover.inclusionProof(index: UInt64(index), size: UInt64(size))
        #expect(proof.path == NaiveLog.path(index, leaves[..<size]), "leaf \(index) of \(size)")
      }
      for old in 1..<max(size + 1, 1) {
        let proof = try prover.consistencyProof(from: UInt64(old), to: UInt64(size))
        #expect(proof.path == NaiveLog.subproof(old, leaves[..<size], true), "\(old) to \(size)")
      }
    }
    #expect(shelf.reads.isEmpty)
  }

  @Test("Proofs across the borders of tiles are those of the recursive definition", arguments: [255, 256, 257, 511, 513, 600])
  func tileBorders(count: Int) throws {
    let leaves = NaiveLog.leaves(count)
    let (edge, shelf) = Self.log(leaves)
    let prover = LogProver(edge: edge, source: shelf)
    #expect(edge.root == NaiveLog.root(leaves[...]))
    let sizes = [1, 2, 200, 254, 255, 256, 257, 300, 511, 512, 513, 599, count].filter { $0 <= count }
    for size in sizes {
      let root = NaiveLog.root(leaves[..<size])
      for index in [0, 1, 127, 128, 254, 255, 256, 257, 511, 512, size - 1] where index < size {
        let proof = try prover.inclusionProof(index: UInt64(index), size: UInt64(size))
        #expect(proof.path == NaiveLog.path(index, leaves[..<size]), "leaf \(index) of \(size)")
        try proof.verify(leafHash: leaves[index], size: UInt64(size), root: root)
      }
      for old in sizes where old <= size {
        let proof = try prover.consistencyProof(from: UInt64(old), to: UInt64(size))
        #expect(proof.path == NaiveLog.subproof(old, leaves[..<size], true), "\(old) to \(size)")
      }
    }
  }

  @Test("Proofs verify around the first full tile of the second level, and read few tiles") func secondLevel() throws {
    let leaves = NaiveLog.leaves(65_537)
    let (edge, shelf) = Self.log(leaves)
    #expect(shelf.tiles.count == 257)
    #expect(edge.partialTiles.map(\.count) == [1, 0, 1])
    let prover = LogProver(edge: edge, source: shelf)
    let roots = [65_535, 65_536, 65_537].map { ($0, LogTree.root(of: leaves[..<$0])) }
    for (size, root) in roots {
      #expect(try prover.root(size: UInt64(size)) == root)
      for index in [0, 255, 256, 32_768, 65_279, 65_534, size - 1] {
        shelf.reads = []
        let proof = try prover.inclusionProof(index: UInt64(index), size: UInt64(size))
        try proof.verify(leafHash: leaves[index], size: UInt64(size), root: root)
        #expect(shelf.reads.count <= 3)
        #expect(Set(shelf.reads).count == shelf.reads.count)
      }
      for old in [1, 255, 256, 257, 40_000, 65_535] {
        let proof = try prover.consistencyProof(from: UInt64(old), to: UInt64(size))
        try proof.verify(oldRoot: LogTree.root(of: leaves[..<old]), newRoot: root)
      }
    }
  }

  @Test("Tiles hold the hashes of their place") func coordinates() throws {
    let leaves = NaiveLog.leaves(600)
    let (edge, shelf) = Self.log(leaves)
    #expect(shelf.tiles.count == 2)
    #expect(shelf.tiles[LogTileCoordinate(level: 0, index: 1)] == Array(leaves[256..<512]))
    #expect(edge.partialTiles == [Array(leaves[512...]), [NaiveLog.root(leaves[..<256]), NaiveLog.root(leaves[256..<512])]])
  }

  @Test("An edge is restored from its partial tiles and goes on", arguments: [0, 1, 255, 256, 300, 512])
  func restored(count: Int) throws {
    let leaves = NaiveLog.leaves(600)
    let (edge, _) = Self.log(Array(leaves[..<count]))
    var restored = try #require(LogTileEdge(size: UInt64(count), partialTiles: edge.partialTiles))
    #expect(restored == edge)
    for leaf in leaves[count...] { _ = restored.append(leaf) }
    #expect(restored == Self.log(leaves).0)
  }

  @Test("An edge of the wrong shape is refused") func malformedEdge() {
    #expect(LogTileEdge(size: 2, partialTiles: [[.zero]]) == nil)
    #expect(LogTileEdge(size: 256, partialTiles: [[]]) == nil)
    #expect(LogTileEdge(size: 256, partialTiles: [[], [.zero], []]) == nil)
    #expect(LogTileEdge(size: .max, partialTiles: Array(repeating: Array(repeating: .zero, count: 255), count: 8)) == nil)
  }

  @Test("Sizes and indices that the log does not have are refused") func outOfRange() throws {
    let (edge, shelf) = Self.log(NaiveLog.leaves(10))
    let prover = LogProver(edge: edge, source: shelf)
    for size: UInt64 in [11, 1 << 62, .max] {
      #expect(throws: LogProverError.sizeOutOfRange) { try prover.inclusionProof(index: 0, size: size) }
      #expect(throws: LogProverError.sizeOutOfRange) { try prover.consistencyProof(from: 1, to: size) }
      #expect(throws: LogProverError.sizeOutOfRange) { try prover.root(size: size) }
    }
    #expect(throws: LogProverError.indexOutOfRange) { try prover.inclusionProof(index: 10, size: 10) }
    #expect(throws: LogProverError.indexOutOfRange) { try prover.inclusionProof(index: 0, size: 0) }
    #expect(throws: LogProverError.sizeOutOfRange) { try prover.consistencyProof(from: 0, to: 5) }
    #expect(throws: LogProverError.sizeOutOfRange) { try prover.consistencyProof(from: 6, to: 5) }
  }

  @Test("A tile that is missing or not full is an error") func damagedSource() throws {
    let (edge, shelf) = Self.log(NaiveLog.leaves(300))
    let prover = LogProver(edge: edge, source: shelf)
    let coordinate = LogTileCoordinate(level: 0, index: 0)
    shelf.tiles[coordinate]?.removeLast()
    #expect(throws: LogProverError.malformedTile(coordinate)) { try prover.inclusionProof(index: 0, size: 300) }
    shelf.tiles = [:]
    #expect(throws: TileShelf.Missing.self) { try prover.inclusionProof(index: 0, size: 300) }
  }
}
