import CairnCrypto
import CairnMerkle
import Foundation
import Testing

/// The proof cases of transparency-dev/merkle, found through the environment variable `CAIRN_VECTORS`.
@Suite(
  "Log proof vectors",
  .enabled(if: ProcessInfo.processInfo.environment["CAIRN_VECTORS"] != nil, "CAIRN_VECTORS names no folder of test vectors"))
struct LogVectorTests {
  private struct Inclusion: Decodable {
    var leafIdx, treeSize: UInt64
    var root, leafHash: String
    var proof: [String]?
    var desc: String
    var wantErr: Bool

    /// A hash of a wrong length does not even make a proof.
    var isAccepted: Bool {
      guard let root = digest(root), let leafHash = digest(leafHash), let path = digests(proof) else { return false }
      return isProven { () throws(ProofError) in
        try InclusionProof(index: leafIdx, path: path).verify(leafHash: leafHash, size: treeSize, root: root)
      }
    }
  }

  private struct Consistency: Decodable {
    var size1, size2: UInt64
    var root1, root2: String
    var proof: [String]?
    var desc: String
    var wantErr: Bool

    /// Some cases have a text in place of a root that only matters by being equal or not.
    private static func root(_ base64: String) -> Digest {
      digest(base64) ?? .sha256(Array(base64.utf8))
    }

    var isAccepted: Bool {
      guard let path = digests(proof) else { return false }
      let (root1, root2) = (Self.root(root1), Self.root(root2))
      return isProven { () throws(ProofError) in
        try LogConsistencyProof(oldSize: size1, newSize: size2, path: path).verify(oldRoot: root1, newRoot: root2)
      }
    }
  }

  @Test("Every inclusion case is judged as its authors judge it") func inclusion() throws {
    let cases = try Self.load(Inclusion.self, "merkle/inclusion")
    #expect(cases.count == 98)
    for vector in cases { #expect(vector.isAccepted == !vector.wantErr, "\(vector.desc)") }
  }

  @Test("Every consistency case is judged as its authors judge it") func consistency() throws {
    let cases = try Self.load(Consistency.self, "merkle/consistency")
    #expect(cases.count == 98)
    for vector in cases { #expect(vector.isAccepted == !vector.wantErr, "\(vector.desc)") }
  }

  private static func load<Vector: Decodable>(_ type: Vector.Type, _ folder: String) throws -> [Vector] {
    let vectors = try #require(ProcessInfo.processInfo.environment["CAIRN_VECTORS"])
    let root = URL(filePath: vectors).appending(path: folder)
    let names = try FileManager.default.subpathsOfDirectory(atPath: root.path).filter { $0.hasSuffix(".json") }
    return try names.sorted().map { try JSONDecoder().decode(type, from: Data(contentsOf: root.appending(path: $0))) }
  }
}

private func digest(_ base64: String) -> Digest? { Data(base64Encoded: base64).flatMap { Digest($0) } }

private func digests(_ base64: [String]?) -> [Digest]? {
  let digests = (base64 ?? []).compactMap(digest)
  return digests.count == base64?.count ?? 0 ? digests : nil
}
