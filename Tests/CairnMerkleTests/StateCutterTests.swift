import CairnCrypto
import Testing

@testable import CairnMerkle

@Suite struct StateCutterTests {
  /// Keys of which many share their first bits, sorted.
  static func rows(_ count: Int) -> [(key: Digest, value: [UInt8])] {
    (0..<count).compactMap { index -> (key: Digest, value: [UInt8])? in
      var bytes = Digest.sha256([UInt8(index & 0xff), UInt8(index >> 8)]).bytes
      // A third of them in one corner of the tree.
      if index.isMultiple(of: 3) { bytes.replaceSubrange(0..<5, with: [0xab, 0xcd, 0xef, 0x01, 0x23]) }
      return Digest(bytes).map { ($0, [UInt8(index & 0xff)]) }
    }.sorted { $0.key < $1.key }
  }

  @Test("Rows in order fold to the tree's root", arguments: [0, 1, 2, 3, 10, 1_000])
  func folds(_ count: Int) {
    let rows = Self.rows(count)
    var fold = StateFold()
    for row in rows { fold.append(key: row.key, value: row.value) }
    #expect(fold.root() == StateTree(rows: rows).root)
  }

  @Test(
    "Pieces hold every row once, are within the limit, and fold to the root by themselves and together",
    arguments: [1, 10, 64, 1_000, 1 << 30])
  func cuts(_ limit: Int) throws {
    let rows = Self.rows(700)
    var cutter = StateCutter<Int>(byteLimit: limit)
    var pieces: [StateCutter<Int>.Piece] = []
    for (index, row) in rows.enumerated() {
      let more = cutter.append(key: row.key, value: row.value, row: index, byteCount: 7)
      pieces += try #require(more)
    }
    let (last, root) = cutter.finish()
    pieces += last
    pieces.sort { $0.firstKey < $1.firstKey }
    let tree = StateTree(rows: rows)
    #expect(root == tree.root)
    #expect(pieces.flatMap(\.rows) == Array(rows.indices))
    var whole = StateFold()
    for piece in pieces {
      #expect(piece.rows.count == 1 || piece.rows.count * 7 <= limit)
      #expect(piece.firstKey == rows[piece.rows[0]].key)
      var fold = StateFold()
      for index in piece.rows { fold.append(key: rows[index].key, value: rows[index].value) }
      #expect(fold.root() == piece.hash)
      whole.append(firstKey: piece.firstKey, hash: piece.hash)
    }
    #expect(whole.root() == tree.root)
    if limit == 1 << 30 { #expect(pieces.count == 1) }
  }

  @Test("Rows that are out of order, or there twice, fold to nothing")
  func order() {
    let rows = Self.rows(5)
    var backwards = StateFold()
    for row in rows.reversed() { backwards.append(key: row.key, value: row.value) }
    #expect(backwards.root() == nil)
    var twice = StateFold()
    for row in [rows[0], rows[1], rows[1]] { twice.append(key: row.key, value: row.value) }
    #expect(twice.root() == nil)
  }

  @Test("The edge of any earlier size is the one that the log had then")
  func edges() throws {
    var edge = LogTileEdge()
    var tiles = Tiles()
    var edges: [LogTileEdge] = [edge]
    for index in 0..<1_000 {
      for tile in edge.append(.sha256([UInt8(index & 0xff), UInt8(index >> 8)])) { tiles.all[tile.coordinate] = tile.hashes }
      edges.append(edge)
    }
    let prover = LogProver(edge: edge, source: tiles)
    for size in [0, 1, 255, 256, 257, 511, 512, 900, 1_000] {
      let found = try prover.edge(size: UInt64(size))
      #expect(found == edges[size], "at \(size)")
      #expect(LogTileEdge(size: UInt64(size), packed: found.packed) == found)
      #expect(LogTileEdge(size: UInt64(size), packed: found.packed + [0]) == nil)
    }
    #expect(throws: LogProverError.sizeOutOfRange) { try prover.edge(size: 1_001) }
  }

  private struct Tiles: LogTileSource {
    var all: [LogTileCoordinate: [Digest]] = [:]

    func fullTile(_ coordinate: LogTileCoordinate) throws -> [Digest] {
      guard let hashes = all[coordinate] else { throw LogProverError.malformedTile(coordinate) }
      return hashes
    }
  }
}
